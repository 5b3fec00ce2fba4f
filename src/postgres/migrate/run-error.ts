import { redactLiterals } from '../../core/progress/session-activity.js'
import { shortenMessage } from '../../core/text/redact.js'
import { type ErrorCode, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { lineFacts } from '../../project/failing-lines.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { redactContextValues, redactDetailValues } from '../connection/error-values.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { choicesForError } from '../connection/sqlstate-choices.js'
import { isServerError } from '../connection/sqlstate.js'
import { addLocationFacts } from '../verify/verification-error.js'
import { blockerFact, describeLockFailure, lockFailureChoices } from './lock-failure-error.js'
import { statementFacts } from '../session/failed-statement.js'
import type { MigrationTarget } from '../session/migrate-options.js'
import { recordingError } from '../ledger/recording-error.js'
import type { RunPhrases } from './run-phrases.js'
import { type LoadedRevision, serverMessageOf } from './run-state.js'
import type { ActiveRun } from './active-run.js'

/** The error to throw for a failure while a revision ran or was reverted: which revision, the server's message, what stays. */
export function runError(
  error: unknown,
  run: ActiveRun,
  revision: LoadedRevision | null,
  phrases: RunPhrases,
): unknown {
  const { context, progress } = run
  const { state } = progress
  const { session, auditClient, signal, policy, target } = context
  const { consequence, outcome } = phrases
  const location = locationFacts(target.connection, revision)
  if (signal?.aborted === true)
    return new SchemaError('SCHEMA_INTERRUPTED', {
      what: sentences(`${phrases.activity} was stopped on request.`, consequence),
      facts: [...location, ...outcome],
      choices: [['run it again', 'goes on where this one stopped']],
      cause: error,
    })
  if (error instanceof SchemaError && promiseCodes.includes(error.code))
    return addLocationFacts([...location, ...outcome], error)
  if (isSessionLost(error, [session.client, auditClient]))
    return new SchemaError(
      isSafeToRepeat(revision, target) ? 'SCHEMA_DATABASE_UNREACHABLE' : 'SCHEMA_MIGRATION_FAILED',
      {
        what: sentences(
          `The connection to PostgreSQL was lost ${phrases.during}.`,
          phrases.consequenceOfLoss,
        ),
        // The statement that failed is the ROLLBACK of Knex.
        facts: [...location, ...serverFacts(error, state.serverMessages), ...outcome],
        choices: phrases.choicesAfterLoss,
        cause: error,
      },
    )
  if (state.lockFailure !== null)
    return new SchemaError('SCHEMA_MIGRATION_BLOCKED', {
      what: sentences(describeLockFailure(state.lockFailure), consequence),
      facts: [
        ...location,
        ...failureFacts(error, state.serverMessages, revision?.revision ?? '').filter(
          ([name]) => name !== 'where',
        ),
        blockerFact(state.lockFailure),
        ...outcome,
      ],
      choices: lockFailureChoices(state.lockFailure, session.pid, policy),
      cause: error,
    })
  if (error instanceof SchemaError || revision === null) return error
  return failureError(error, run, revision, phrases)
}

const promiseCodes: readonly ErrorCode[] = ['SCHEMA_PROMISE_BROKEN', 'SCHEMA_ROWS_UNTRUE']

function failureError(
  cause: unknown,
  { context: { target, guard }, progress: { state } }: ActiveRun,
  revision: LoadedRevision,
  { failed, consequence, outcome, choices }: RunPhrases,
): SchemaError {
  const location = locationFacts(target.connection, revision)
  const server = failureFacts(cause, state.serverMessages, revision.revision)
  const facts = [...location, ...server, ...outcome]
  const recording = recordingError(cause, revision.revision, target.project.tableName, facts)
  if (recording !== null) return recording
  const { violation } = state
  const place = {
    transactional: revision.transactional,
    shared: state.begun.length > 1,
    ownRows: guard !== null,
  }
  return new SchemaError('SCHEMA_MIGRATION_FAILED', {
    what: sentences(failed, violation?.what ?? '', consequence),
    facts: violation === null ? facts : [...location, ...outcome],
    choices: violation === null ? [...choicesForError(cause, place), ...choices] : violation.choices,
    cause,
  })
}

function sentences(...texts: readonly string[]): string {
  return texts.filter(Boolean).join(' ')
}

/**
 * Whether the gate may run it again by itself: its transaction was rolled back, or the catalog says how far it got. What it did
 * to rows would be done twice.
 */
function isSafeToRepeat(revision: LoadedRevision | null, { snapshot }: MigrationTarget): boolean {
  if (revision === null || revision.transactional) return true
  const entry = snapshot?.revisions.find((each) => each.revision === revision.revision)
  return Object.keys(entry?.changes ?? {}).length > 0
}

function locationFacts(
  connection: ActiveRun['context']['target']['connection'],
  revision: LoadedRevision | null,
): readonly ErrorFact[] {
  return [
    ['database', describeAddress(addressOf(connection))],
    ...(revision === null ? [] : [['file', revision.path ?? revision.revision] as const]),
  ]
}

/**
 * What the server said of a failure, the statement, and the lines of the project that it came from, as far as they are known.
 * `name` is that of the migration or seed.
 */
export function failureFacts(
  error: unknown,
  serverMessages: ReadonlyMap<string, string>,
  name: string,
): readonly ErrorFact[] {
  return [...serverFacts(error, serverMessages), ...statementFacts(error), ...lineFacts(error, name)]
}

/** SQLSTATE, message, detail, hint and where. */
function serverFacts(error: unknown, serverMessages: ReadonlyMap<string, string>): readonly ErrorFact[] {
  const message = serverMessageOf(error, serverMessages)
  if (!isServerError(error))
    return [
      ['error', message.includes('\n') ? message.split('\n') : message],
      ...lastServerMessage(serverMessages),
    ]
  const { code, detail, hint, where } = error
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['sqlstate', code],
    ['message', message],
    ['detail', detail === undefined ? detail : redactDetailValues(code ?? '', detail)],
    ['hint', hint],
    ['where', where === undefined ? where : redactLiterals(redactContextValues(where))],
  ]
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, shortenMessage(value).split('\n')] as const],
  )
}

/** After a lost connection Knex reports that its ROLLBACK failed; the server said before why the connection is gone. */
function lastServerMessage(serverMessages: ReadonlyMap<string, string>): readonly ErrorFact[] {
  const last = [...serverMessages].at(-1)
  return last === undefined ? [] : [['server', last.join(' ')]]
}
