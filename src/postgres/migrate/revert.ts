import { compareHistory } from '../../core/history/history.js'
import type { Catalog } from '../../core/model/catalog.js'
import { shortened } from '../../core/model/describe.js'
import type { Difference } from '../../core/model/diff.js'
import { compareWithin, defaultScope } from '../../core/model/scope.js'
import { promisedAt } from '../../core/model/snapshot.js'
import { SchemaError } from '../../errors/schema-error.js'
import { type LoadedMigration, type Migration, revisionOf } from '../../project/migration-files.js'
import { inPromisedWords, type Unrendered } from '../canonicalize/canonicalize.js'
import { describeAddress } from '../connection/address.js'
import { readCatalog, readCatalogInTransaction, ledgerTablesOf } from '../introspect/read-catalog.js'
import { append, qualified } from '../ledger/ledger.js'
import { type LockedSession, type MigrateOptions, withLockedSession } from '../session/locked-session.js'
import { brokenPromise } from '../verify/verification-error.js'
import { beats, cancellable, prepare } from './apply.js'
import { withHeartbeat } from './heartbeat.js'
import { attempted, withRun } from './lock-retry.js'
import { revertFailure } from './revert-error.js'
import type { Run } from './run-context.js'

type Context = MigrateOptions & LockedSession

/**
 * Reverts the revisions that were planned, newest first, under the lock. Each `down`, its ledger rows and the
 * verification share one transaction, unless the migration asks for none. Returns the revisions reverted.
 * Throws SCHEMA_NOT_CONFIRMED where it would by now be other revisions, and what `revertFailure` makes of an error.
 */
export async function revert(
  options: MigrateOptions,
  { to, revisions }: PlannedReverts,
): Promise<readonly string[]> {
  return withLockedSession(options, async (locked) => {
    const context = { ...options, ...locked }
    const wanted = wantedReverts(context, to)
    refuseOthers(wanted, revisions)
    return withRun(context, wanted.length, (run) => revertAll(wanted, run))
  })
}

async function revertAll(wanted: readonly Migration[], run: Run): Promise<readonly string[]> {
  const { context } = run
  const remaining = new Set(context.inspection.recorded.revisions)
  const reverted: string[] = []
  for (const migration of wanted) {
    remaining.delete(migration.revision)
    await revertOne(migration, { context, run, remaining, reverted })
    reverted.push(migration.revision)
  }
  return reverted
}

/** What is to be reverted, as it was found and agreed to. */
export interface PlannedReverts {
  /** The revision to go back to, null for the one before the newest. */
  readonly to: string | null
  /** The newest first. */
  readonly revisions: readonly string[]
}

/** What reverting the newest applied revision, or all newer than `to`, would revert. Throws SCHEMA_USAGE, SCHEMA_AHEAD. */
export function planReverts(
  context: Pick<Context, 'migrations' | 'inspection'>,
  to: string | null,
): PlannedReverts {
  return { to, revisions: wantedReverts(context, to).map(({ revision }) => revision) }
}

/** Somebody else may have migrated or reverted while it was being confirmed. */
function refuseOthers(wanted: readonly Migration[], planned: readonly string[]): void {
  const found = wanted.map(({ revision }) => revision)
  if (found.join() === planned.join()) return
  throw new SchemaError('SCHEMA_NOT_CONFIRMED', {
    what: 'The database was migrated or reverted meanwhile: it would not be the same revisions any more. Nothing was done.',
    facts: [
      ['confirmed', planned.length === 0 ? 'none' : planned],
      ['now', found.length === 0 ? 'none' : found],
    ],
    choices: [['run it again', 'shows what would be reverted now']],
  })
}

function wantedReverts(
  { migrations, inspection }: Pick<Context, 'migrations' | 'inspection'>,
  to: string | null,
): readonly Migration[] {
  refuseBeneath({ migrations, inspection })
  const recorded = new Set(inspection.recorded.revisions)
  const applied = migrations.filter(({ revision }) => recorded.has(revision)).toReversed()
  if (to === null) return applied.slice(0, 1)
  const index = applied.findIndex(({ revision }) => revision === to)
  if (index >= 0) return applied.slice(0, index)
  throw new SchemaError('SCHEMA_USAGE', {
    what: `Revision "${to}" is not applied. Nothing was reverted.`,
    facts: [
      ['applied', applied.length === 0 ? 'none' : applied.slice(0, 10).map(({ revision }) => revision)],
    ],
    choices: [['schemagate status', 'says where the database stands']],
  })
}

/** What came after it may stand on what would be reverted. */
function refuseBeneath({ migrations, inspection }: Pick<Context, 'migrations' | 'inspection'>): void {
  const build = migrations.map(({ revision }) => revision)
  const { position, unknown } = compareHistory(build, inspection.recorded)
  if (position !== 'ahead' && position !== 'diverged') return
  throw new SchemaError('SCHEMA_AHEAD', {
    what: 'The database has newer revisions, which this build lacks. Nothing was reverted.',
    facts: [
      ['database', describeAddress(inspection.database)],
      ['unknown', shortened(unknown)],
    ],
    choices: [['schemagate down', 'by the build that has them reverts them first']],
  })
}

interface Reverting {
  readonly context: Context
  readonly run: Run
  /** The revisions recorded once this one is reverted. */
  readonly remaining: ReadonlySet<string>
  readonly reverted: readonly string[]
}

async function revertOne(migration: Migration, reverting: Reverting): Promise<void> {
  const { context, run, reverted } = reverting
  const { knex } = context.session
  const started = performance.now()
  const module = await migration.load()
  const transactional = module.transaction ?? !context.project.disableTransactions
  const step = { migration, module, transactional }
  const once = async (): Promise<void> => {
    context.signal?.throwIfAborted()
    run.state.running = { migration: { ...migration, module }, transactional }
    if (transactional)
      await knex.transaction(async (transaction) => {
        await runDown({ ...step, knex: transaction }, reverting)
      })
    else await runDown({ ...step, knex }, reverting)
  }
  try {
    await attempted({ transactional, migrations: [{ ...migration, module }] }, run, once)
  } catch (error) {
    throw revertFailure(error, { migration, run, transactional, reverted })
  }
  const { revision } = migration
  context.report({ event: 'revision reverted', revision, duration: performance.now() - started })
}

interface Step {
  readonly migration: Migration
  readonly module: LoadedMigration
  readonly transactional: boolean
  readonly knex: Parameters<LoadedMigration['up']>[0]
}

async function runDown(
  { migration, module, transactional, knex }: Step,
  reverting: Reverting,
): Promise<void> {
  const { context } = reverting
  const { revision } = migration
  const { client } = context.session
  const { comments, grants } = context.scope ?? defaultScope
  const options = { ...ledgerTablesOf(context.project), comments, grants }
  const read = async (): Promise<Catalog> =>
    (transactional ? readCatalogInTransaction : readCatalog)(client, options)
  const { down } = module
  if (down === null) throw new TypeError('it has no down function')
  const compare = async (): Promise<Compared> => differences(reverting, await read(), transactional)
  const before = new Set((await compare()).found.map(({ key }) => key))
  const running = { ...reverting.run, knex, transactional }
  await prepare(revision, running)
  await withHeartbeat(running.watch, beats(revision, running), () =>
    cancellable(running, async () => void (await down(knex))),
  )
  const { found, unrendered } = await compare()
  const caused = found.filter(({ key }) => !before.has(key) || changesOf(context, revision).has(key))
  if (caused.length > 0) throw brokenPromise({ revision, differences: caused, unrendered, transactional })
  const name =
    context.inspection.ledger?.names.find((recorded) => revisionOf(recorded) === revision) ?? revision
  await client.query(`delete from ${qualified(context.schema, context.project.tableName)} where name = $1`, [
    name,
  ])
  await append(client, context, [{ revision, event: 'reverted' }])
}

interface Compared {
  readonly found: readonly Difference[]
  readonly unrendered: Unrendered
}

/** Differences from the promise as it is without this revision. Drift that was there before is not its business. */
async function differences(
  { context, remaining }: Reverting,
  read: Catalog,
  transactional: boolean,
): Promise<Compared> {
  const { snapshot, scope = defaultScope, session, inspection } = context
  if (snapshot === null) return { found: [], unrendered: {} }
  const promised = promisedAt(snapshot, remaining)
  const { kept } = compareWithin(promised, read, { scope })
  const sight = { snapshot, revisions: remaining, live: read, major: inspection.major, differences: kept }
  const { live, unrendered } = await inPromisedWords(session.client, sight, transactional ? 'callers' : 'own')
  return { found: compareWithin(promised, live, { scope }).kept, unrendered }
}

function changesOf({ snapshot }: Context, revision: string): ReadonlySet<string> {
  return new Set(Object.keys(snapshot?.revisions.find((entry) => entry.revision === revision)?.changes ?? {}))
}
