import pg from 'pg'
import { assessCompletion } from '../../core/history/completion.js'
import { redactLiterals } from '../../core/progress/session-activity.js'
import { shortenList } from '../../core/text/format.js'
import { type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { ledgerTablesOf, readCatalog } from '../introspect/read-catalog.js'
import { addLocationFacts } from '../verify/verification-error.js'
import { lockConflictError } from './lock-conflict-error.js'
import { serverMessageOf, type RunContext, type RunState } from './run-context.js'

interface FailedRun {
  readonly context: RunContext
  readonly state: RunState
}

/** The error to throw for what went wrong while revisions ran: which revision, the server's words, what stayed. */
export async function migrationError(error: unknown, failed: FailedRun): Promise<unknown> {
  const { context, state } = failed
  const { running } = state
  const [where, outcome] = [locationFacts(failed), await outcomeFacts(failed)]
  const facts = [...where, ...outcome]
  if (context.signal?.aborted === true)
    return new SchemaError('SCHEMA_INTERRUPTED', {
      what: `Migrating was stopped on request. ${describeRollback(state)}`,
      facts,
      choices: [['run it again', 'goes on where this one stopped']],
      cause: error,
    })
  if (error instanceof SchemaError && error.code === 'SCHEMA_PROMISE_BROKEN')
    return addLocationFacts(facts, error)
  const said = serverFacts(error, state)
  if (isSessionLost(error, [context.session.client, context.auditClient]))
    return migrationConnectionError(error, state, [...where, ...said, ...outcome])
  if (state.givenUp !== null)
    return lockConflictError({
      error,
      givenUp: state.givenUp,
      context,
      consequence: describeRollback(state),
      before: [...where, ...said.filter(([name]) => name !== 'where')],
      after: outcome,
    })
  if (error instanceof SchemaError || running === null) return error
  return new SchemaError('SCHEMA_MIGRATION_FAILED', {
    what: `${running.migration.revision} failed. ${describeRollback(state)}`,
    facts: [...where, ...said, ...outcome],
    choices: [
      ...(outcome.some(([name]) => name === invalidLabel)
        ? [['schemagate repair', 'once the cause is gone: builds the invalid index again'] as const]
        : []),
      ['correct the migration', 'then run it again; what is applied is not run again'],
    ],
    cause: error,
  })
}

/** Whether the server had committed already, only the ledger can say. */
function migrationConnectionError(error: unknown, state: RunState, facts: readonly ErrorFact[]): SchemaError {
  const { running } = state
  const during = running === null ? 'while migrating' : `while ${running.migration.revision} ran`
  const stays =
    running?.transactional === false ? describeRollback(state) : 'What was not committed is rolled back.'
  return new SchemaError('SCHEMA_DATABASE_UNREACHABLE', {
    what: `The connection to PostgreSQL was lost ${during}. ${stays}`,
    facts,
    choices: [['run it again', 'goes on from what is recorded']],
    cause: error,
  })
}

function describeRollback({ running }: RunState): string {
  return running === null || running.transactional
    ? 'Its transaction was rolled back.'
    : 'It runs outside a transaction: what it did before stays.'
}

function locationFacts({ context, state }: FailedRun): readonly ErrorFact[] {
  const { migration } = state.running ?? {}
  return [
    ['database', describeAddress(addressOf(context.connection))],
    ...(migration === undefined ? [] : [['file', migration.path ?? migration.revision] as const]),
  ]
}

function serverFacts(error: unknown, state: RunState): readonly ErrorFact[] {
  if (!(error instanceof pg.DatabaseError))
    return [['error', serverMessageOf(error, state)], ...lastServerMessage(state)]
  const { code, detail, hint, where } = error
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['sqlstate', code],
    ['message', serverMessageOf(error, state)],
    ['detail', detail],
    ['hint', hint],
    ['where', where === undefined ? where : redactLiterals(where)],
  ]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value.split('\n')] as const]))
}

/** Where the connection is gone, Knex tells that its ROLLBACK failed; why it is gone the server said before. */
function lastServerMessage({ serverMessages }: RunState): readonly ErrorFact[] {
  const last = [...serverMessages].at(-1)
  return last === undefined ? [] : [['server', last.join(' ')]]
}

async function outcomeFacts({ context, state }: FailedRun): Promise<readonly ErrorFact[]> {
  const rolledBack = state.begun.filter((revision) => revision !== state.running?.migration.revision)
  const half = state.running?.transactional === false ? await partialProgressFacts({ context, state }) : []
  return [
    ['stayed applied', state.applied.length === 0 ? 'none of this run' : shortenList(state.applied)],
    ...(rolledBack.length === 0 ? [] : [['rolled back too', shortenList(rolledBack)] as const]),
    ...half,
  ]
}

const invalidLabel = 'not valid'

/** Outside a transaction a revision can be half done; the snapshot says which of its objects are there. */
async function partialProgressFacts({ context, state }: FailedRun): Promise<readonly ErrorFact[]> {
  const { project, auditClient, snapshot, inspection } = context
  if (state.running === null || snapshot === null) return []
  const live = await readCatalog(auditClient, ledgerTablesOf(project)).catch((error: unknown) =>
    serverMessageOf(error, state),
  )
  if (typeof live === 'string') return [['already done', `could not be read: ${live}`]]
  const recorded = [...inspection.recorded.revisions, ...state.applied]
  const standing = assessCompletion(state.running.migration.revision, { snapshot, recorded, live })
  if (standing.kind === 'unknown') return []
  const { done, invalid, open } = standing
  return [
    ['already done', done.length === 0 ? 'nothing' : shortenList(done)],
    ...(invalid.length === 0 ? [] : [[invalidLabel, shortenList(invalid)] as const]),
    ['not done', open.length === 0 ? 'nothing' : shortenList(open)],
  ]
}
