import { excerptStatement } from '../../core/progress/statement-excerpt.js'
import { causesOf } from '../../core/text/causes.js'
import { isRecord } from '../../core/text/is-record.js'
import type { ErrorFact } from '../../errors/schema-error.js'
import { isServerError } from '../connection/sqlstate.js'

/** The SQL that was sent, without its bindings, by the error that came back. */
const failedStatements = new WeakMap<Error, string>()

/** Keeps which statement an error answers. `query` is what the driver was asked to run. */
export function noteFailedStatement(error: unknown, query: unknown): void {
  const sql = isRecord(query) ? query['text'] : query
  if (error instanceof Error && typeof sql === 'string') failedStatements.set(error, sql)
}

/** An error that is the answer to a statement, and the statement. */
export interface StatementError {
  readonly sql: string
  readonly error: Error
}

/** The statement that failed, if an error or one of its causes is the answer to one. */
export function findFailedStatement(error: unknown): StatementError | null {
  for (const cause of causesOf(error).toReversed()) {
    const sql = cause instanceof Error ? failedStatements.get(cause) : undefined
    if (sql !== undefined && cause instanceof Error) return { sql, error: cause }
  }
  return null
}

/** The same as a fact. */
export function statementFacts(error: unknown): readonly ErrorFact[] {
  const failed = findFailedStatement(error)
  return failed === null ? [] : [['statement', excerptStatement(failed.sql, positionOf(failed.error))]]
}

function positionOf(error: unknown): number | null {
  return isServerError(error) && error.position !== undefined ? Number(error.position) : null
}
