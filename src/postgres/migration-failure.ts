import pg from 'pg'
import { shortened } from '../core/words.js'
import { type Fact, SchemaError } from '../errors.js'
import { addressOf, describeAddress } from './address.js'
import { brokenAt } from './broken-promise.js'
import { ledgerTablesOf, readCatalog } from './introspect.js'
import { presence } from './ledger.js'
import { messageOf, type RunContext, type RunState } from './run-state.js'

interface Failed {
  readonly context: RunContext
  readonly state: RunState
}

/** The error to throw for what went wrong while revisions ran: which revision, the server's words, what stayed. */
export async function migrationFailure(error: unknown, failed: Failed): Promise<unknown> {
  const { context, state } = failed
  const { running } = state
  const facts = [...whereFacts(failed), ...(await outcomeFacts(failed))]
  if (context.signal?.aborted === true)
    return new SchemaError('SCHEMA_INTERRUPTED', {
      what: `Migrating was stopped on request. ${consequence(state)}`,
      facts,
      choices: [['run it again', 'goes on where this one stopped']],
      cause: error,
    })
  if (error instanceof SchemaError && error.code === 'SCHEMA_PROMISE_BROKEN') return brokenAt(facts, error)
  if (error instanceof SchemaError || running === null) return error
  return new SchemaError('SCHEMA_MIGRATION_FAILED', {
    what: `${running.migration.revision} failed. ${consequence(state)}`,
    facts: [...facts.slice(0, 2), ...serverFacts(error, state), ...facts.slice(2)],
    choices: [['correct the migration', 'then run it again; what is applied is not run again']],
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
    ['where', where],
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

/** Outside a transaction a revision can be half done; the snapshot says which of its objects are there. */
async function halfDone({ context, state }: Failed): Promise<readonly Fact[]> {
  const revision = state.running?.migration.revision
  const changes = context.snapshot?.revisions.find((entry) => entry.revision === revision)?.changes
  if (changes === undefined) return []
  const { project, audit } = context
  const live = await readCatalog(audit, ledgerTablesOf(project)).catch((error: unknown) =>
    messageOf(error, state),
  )
  if (typeof live === 'string') return [['already done', `could not be read: ${live}`]]
  const { done, open } = presence(changes, live)
  return [
    ['already done', done.length === 0 ? 'nothing' : done],
    ['not done', open.length === 0 ? 'nothing' : open],
  ]
}
