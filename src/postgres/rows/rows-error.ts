import { errorLines } from '../../core/text/redact.js'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { lineFacts } from '../../project/failing-lines.js'
import { hasSqlState, isServerError, sqlState } from '../connection/sqlstate.js'
import { statementFacts } from '../session/failed-statement.js'
import type { RowAnswer } from './ask-rows.js'

/** An answer that is not yes. */
export type OpenAnswer = Exclude<RowAnswer, { readonly status: 'true' }>

export function openAnswers(answers: readonly RowAnswer[]): readonly OpenAnswer[] {
  return answers.filter((answer) => answer.status !== 'true')
}

/** What a `verify` said that was not content: the message of what it threw. */
export function saidBy({ failure }: OpenAnswer): string | readonly string[] {
  return failure === null ? 'it returned false' : errorLines(failure)
}

/** The error of a revision that ran without one and whose rows are not what it promises. */
export function rowsError(answer: OpenAnswer, consequence: string): SchemaError {
  const { revision, status, failure } = answer
  const finding =
    status === 'untrue'
      ? 'its verify says that the rows are not what it promises'
      : 'its verify could not tell whether the rows are what it promises'
  return new SchemaError('SCHEMA_ROWS_UNTRUE', {
    what: `${revision} ran without an error, but ${finding}. ${consequence}`,
    facts: [['revision', revision], ...answerFacts(answer)],
    choices: [
      ...(hasSqlState(failure, sqlState.readOnlyTransaction) ? [readOnlyChoice] : []),
      ['correct the rows', 'or the migration that is to write them, then run it again'],
      ['correct its verify', 'if it asks for something else than the migration promises'],
    ],
    ...(failure === null ? {} : { cause: failure }),
  })
}

const readOnlyChoice: ErrorChoice = ['let verify only read', 'PostgreSQL refuses whatever it writes']

function answerFacts(answer: OpenAnswer): readonly ErrorFact[] {
  const { revision, failure } = answer
  const code = isServerError(failure) ? failure.code : undefined
  return [
    ...(code === undefined ? [] : [['sqlstate', code] as const]),
    ['verify', saidBy(answer)],
    ...(failure === null ? [] : [...statementFacts(failure), ...lineFacts(failure, revision)]),
  ]
}
