import pg from 'pg'
import { standingOf } from '../../core/history/completion.js'
import { shortened } from '../../core/model/describe.js'
import { withoutTexts } from '../../core/progress/session-activity.js'
import { type Fact, SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { isLoss } from '../connection/lifecycle.js'
import { ledgerTablesOf, readCatalog } from '../introspect/read-catalog.js'
import { brokenAt } from '../verify/verification-error.js'
import { blockedFailure } from './lock-conflict-error.js'
import { messageOf, type RunContext, type RunState } from './run-context.js'

interface Failed {
  readonly context: RunContext
  readonly state: RunState
}

/** The error to throw for what went wrong while revisions ran: which revision, the server's words, what stayed. */
export async function migrationFailure(error: unknown, failed: Failed): Promise<unknown> {
  const { context, state } = failed
  const { running } = state
  const [where, outcome] = [whereFacts(failed), await outcomeFacts(failed)]
  const facts = [...where, ...outcome]
  if (context.signal?.aborted === true)
    return new SchemaError('SCHEMA_INTERRUPTED', {
      what: `Migrating was stopped on request. ${consequence(state)}`,
      facts,
      choices: [['run it again', 'goes on where this one stopped']],
      cause: error,
    })
  if (error instanceof SchemaError && error.code === 'SCHEMA_PROMISE_BROKEN') return brokenAt(facts, error)
  const said = serverFacts(error, state)
  if (isLoss(error, [context.session.client, context.audit]))
    return lostWhileRunning(error, state, [...where, ...said, ...outcome])
  if (state.givenUp !== null)
    return blockedFailure({
      error,
      givenUp: state.givenUp,
      context,
      consequence: consequence(state),
      before: [...where, ...said.filter(([name]) => name !== 'where')],
      after: outcome,
    })
  if (error instanceof SchemaError || running === null) return error
  return new SchemaError('SCHEMA_MIGRATION_FAILED', {
    what: `${running.migration.revision} failed. ${consequence(state)}`,
    facts: [...where, ...said, ...outcome],
    choices: [
      ...(outcome.some(([name]) => name === leftInvalid)
        ? [['schemagate repair', 'once the cause is gone: builds the invalid index again'] as const]
        : []),
      ['correct the migration', 'then run it again; what is applied is not run again'],
    ],
    cause: error,
  })
}

/** Whether the server had committed already, only the ledger can say. */
function lostWhileRunning(error: unknown, state: RunState, facts: readonly Fact[]): SchemaError {
  const { running } = state
  const during = running === null ? 'while migrating' : `while ${running.migration.revision} ran`
  const stays =
    running?.transactional === false ? consequence(state) : 'What was not committed is rolled back.'
  return new SchemaError('SCHEMA_DATABASE_UNREACHABLE', {
    what: `The connection to PostgreSQL was lost ${during}. ${stays}`,
    facts,
    choices: [['run it again', 'goes on from what is recorded']],
    cause: error,
  })
}

function consequence({ running }: RunState): string {
  return running === null || running.transactional
    ? 'Its transaction was rolled back.'
    : 'It runs outside a transaction: what it did before stays.'
}

function whereFacts({ context, state }: Failed): readonly Fact[] {
  const { migration } = state.running ?? {}
  return [
    ['database', describeAddress(addressOf(context.connection))],
    ...(migration === undefined ? [] : [['file', migration.path ?? migration.revision] as const]),
  ]
}

function serverFacts(error: unknown, state: RunState): readonly Fact[] {
  if (!(error instanceof pg.DatabaseError)) return [['error', messageOf(error, state)], ...lastWords(state)]
  const { code, detail, hint, where } = error
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['sqlstate', code],
    ['message', messageOf(error, state)],
    ['detail', detail],
    ['hint', hint],
    ['where', where === undefined ? where : withoutTexts(where)],
  ]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value.split('\n')] as const]))
}

/** Where the connection is gone, Knex tells that its ROLLBACK failed; why it is gone the server said before. */
function lastWords({ serverMessages }: RunState): readonly Fact[] {
  const last = [...serverMessages].at(-1)
  return last === undefined ? [] : [['server', last.join(' ')]]
}

async function outcomeFacts({ context, state }: Failed): Promise<readonly Fact[]> {
  const rolledBack = state.begun.filter((revision) => revision !== state.running?.migration.revision)
  const half = state.running?.transactional === false ? await halfDone({ context, state }) : []
  return [
    ['stayed applied', state.applied.length === 0 ? 'none of this run' : shortened(state.applied)],
    ...(rolledBack.length === 0 ? [] : [['rolled back too', shortened(rolledBack)] as const]),
    ...half,
  ]
}

const leftInvalid = 'not valid'

/** Outside a transaction a revision can be half done; the snapshot says which of its objects are there. */
async function halfDone({ context, state }: Failed): Promise<readonly Fact[]> {
  const { project, audit, snapshot, inspection } = context
  if (state.running === null || snapshot === null) return []
  const live = await readCatalog(audit, ledgerTablesOf(project)).catch((error: unknown) =>
    messageOf(error, state),
  )
  if (typeof live === 'string') return [['already done', `could not be read: ${live}`]]
  const recorded = [...inspection.recorded.revisions, ...state.applied]
  const standing = standingOf(state.running.migration.revision, { snapshot, recorded, live })
  if (standing.kind === 'untold') return []
  const { done, invalid, open } = standing
  return [
    ['already done', done.length === 0 ? 'nothing' : shortened(done)],
    ...(invalid.length === 0 ? [] : [[leftInvalid, shortened(invalid)] as const]),
    ['not done', open.length === 0 ? 'nothing' : shortened(open)],
  ]
}
