import { compareHistory } from '../../core/history/history.js'
import type { Catalog } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { compareInScope, defaultScope } from '../../core/model/scope.js'
import { promisedCatalogAt } from '../../core/model/snapshot.js'
import { shortenList } from '../../core/text/format.js'
import { SchemaError } from '../../errors/schema-error.js'
import { type LoadedMigration, type Migration, revisionOf } from '../../project/migration-files.js'
import { canonicalizeDifferences, type CanonicalizeFailures } from '../canonicalize/canonicalize.js'
import { describeAddress } from '../connection/address.js'
import { readCatalog, readCatalogInTransaction, ledgerTablesOf } from '../introspect/read-catalog.js'
import { appendEntries, quoteTableName } from '../ledger/ledger.js'
import { type LockedSession, type MigrateOptions, withLockedSession } from '../session/locked-session.js'
import { verificationError } from '../verify/verification-error.js'
import { heartbeatReporter, runCancellable, configureForRevision } from './apply.js'
import { withHeartbeat } from './heartbeat.js'
import { runWithLockRetry, withActiveRun } from './lock-retry.js'
import { revertError } from './revert-error.js'
import type { ActiveRun } from './run-context.js'

type RevertContext = MigrateOptions & LockedSession

/**
 * Reverts the revisions that were planned, newest first, under the lock. Each `down`, its ledger rows and the
 * verification share one transaction, unless the migration asks for none. Returns the revisions reverted.
 * Throws SCHEMA_NOT_CONFIRMED where it would by now be other revisions, and what `revertFailure` makes of an error.
 */
export async function revert(
  options: MigrateOptions,
  { to, revisions }: RevertPlan,
): Promise<readonly string[]> {
  return withLockedSession(options, async (locked) => {
    const context = { ...options, ...locked }
    const wanted = selectReverts(context, to)
    refuseChangedPlan(wanted, revisions)
    return withActiveRun(context, wanted.length, (run) => revertAll(wanted, run))
  })
}

async function revertAll(wanted: readonly Migration[], run: ActiveRun): Promise<readonly string[]> {
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
export interface RevertPlan {
  /** The revision to go back to, null for the one before the newest. */
  readonly to: string | null
  /** The newest first. */
  readonly revisions: readonly string[]
}

/** What reverting the newest applied revision, or all newer than `to`, would revert. Throws SCHEMA_USAGE, SCHEMA_AHEAD. */
export function planRevert(
  context: Pick<RevertContext, 'migrations' | 'inspection'>,
  to: string | null,
): RevertPlan {
  return { to, revisions: selectReverts(context, to).map(({ revision }) => revision) }
}

/** Somebody else may have migrated or reverted while it was being confirmed. */
function refuseChangedPlan(wanted: readonly Migration[], planned: readonly string[]): void {
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

function selectReverts(
  { migrations, inspection }: Pick<RevertContext, 'migrations' | 'inspection'>,
  to: string | null,
): readonly Migration[] {
  refuseNewerRevisions({ migrations, inspection })
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
function refuseNewerRevisions({
  migrations,
  inspection,
}: Pick<RevertContext, 'migrations' | 'inspection'>): void {
  const build = migrations.map(({ revision }) => revision)
  const { position, unknown } = compareHistory(build, inspection.recorded)
  if (position !== 'ahead' && position !== 'diverged') return
  throw new SchemaError('SCHEMA_AHEAD', {
    what: 'The database has newer revisions, which this build lacks. Nothing was reverted.',
    facts: [
      ['database', describeAddress(inspection.database)],
      ['unknown', shortenList(unknown)],
    ],
    choices: [['schemagate down', 'by the build that has them reverts them first']],
  })
}

interface RevertProgress {
  readonly context: RevertContext
  readonly run: ActiveRun
  /** The revisions recorded once this one is reverted. */
  readonly remaining: ReadonlySet<string>
  readonly reverted: readonly string[]
}

async function revertOne(migration: Migration, reverting: RevertProgress): Promise<void> {
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
    await runWithLockRetry({ transactional, migrations: [{ ...migration, module }] }, run, once)
  } catch (error) {
    throw revertError(error, { migration, run, transactional, reverted })
  }
  const { revision } = migration
  context.report({ event: 'revision reverted', revision, duration: performance.now() - started })
}

interface DownStep {
  readonly migration: Migration
  readonly module: LoadedMigration
  readonly transactional: boolean
  readonly knex: Parameters<LoadedMigration['up']>[0]
}

async function runDown(
  { migration, module, transactional, knex }: DownStep,
  reverting: RevertProgress,
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
  const compare = async (): Promise<RevertComparison> =>
    compareAfterRevert(reverting, await read(), transactional)
  const before = new Set((await compare()).found.map(({ key }) => key))
  const running = { ...reverting.run, knex, transactional }
  await configureForRevision(revision, running)
  await withHeartbeat(running.watch, heartbeatReporter(revision, running), () =>
    runCancellable(running, async () => void (await down(knex))),
  )
  const { found, canonicalizeFailures } = await compare()
  const caused = found.filter(({ key }) => !before.has(key) || keysChangedBy(context, revision).has(key))
  if (caused.length > 0)
    throw verificationError({ revision, differences: caused, canonicalizeFailures, transactional })
  const name =
    context.inspection.ledger?.names.find((recorded) => revisionOf(recorded) === revision) ?? revision
  await client.query(
    `delete from ${quoteTableName(context.schema, context.project.tableName)} where name = $1`,
    [name],
  )
  await appendEntries(client, context, [{ revision, event: 'reverted' }])
}

interface RevertComparison {
  readonly found: readonly Difference[]
  readonly canonicalizeFailures: CanonicalizeFailures
}

/** Differences from the promise as it is without this revision. Drift that was there before is not its business. */
async function compareAfterRevert(
  { context, remaining }: RevertProgress,
  read: Catalog,
  transactional: boolean,
): Promise<RevertComparison> {
  const { snapshot, scope = defaultScope, session, inspection } = context
  if (snapshot === null) return { found: [], canonicalizeFailures: {} }
  const promised = promisedCatalogAt(snapshot, remaining)
  const { differences } = compareInScope(promised, read, scope)
  const sight = { snapshot, revisions: remaining, live: read, major: inspection.major, differences }
  const { live, canonicalizeFailures } = await canonicalizeDifferences(
    session.client,
    sight,
    transactional ? 'callers' : 'own',
  )
  return { found: compareInScope(promised, live, scope).differences, canonicalizeFailures }
}

function keysChangedBy({ snapshot }: RevertContext, revision: string): ReadonlySet<string> {
  return new Set(Object.keys(snapshot?.revisions.find((entry) => entry.revision === revision)?.changes ?? {}))
}
