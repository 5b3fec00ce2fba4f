import type { Knex } from 'knex'
import type { Migration } from '../../project/migration-files.js'
import { revisionOf } from '../../project/revision-name.js'
import { ledgerTablesOf, readCatalog, readCatalogInTransaction } from '../introspect/read-catalog.js'
import { appendEntries, quoteTableName } from '../ledger/ledger.js'
import { withLockedSession } from '../session/locked-session.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import { compareWithPromise, type PromiseComparison } from '../verify/compare-with-promise.js'
import { verificationError } from '../verify/verification-error.js'
import { runWithLockRetry } from './lock-retry.js'
import { revertPhrases } from './revert-phrases.js'
import { requirePlannedReverts, type RevertPlan } from './revert-plan.js'
import { runCode } from './run-code.js'
import { runError } from './run-error.js'
import type { LoadedRevision } from './run-state.js'
import { loadRevision } from './run-steps.js'
import { configureForRevision, withActiveRun } from './run.js'
import type { ActiveRun, RunContext } from './active-run.js'

/**
 * Reverts the revisions that were planned, newest first, under the lock. Each `down`, its ledger rows and the verification
 * share one transaction, unless the migration asks for none. Returns the revisions reverted.
 * Throws SCHEMA_NOT_CONFIRMED where different revisions would be reverted, and what `runError` makes of an error.
 */
export async function revert(options: MigrateOptions, plan: RevertPlan): Promise<readonly string[]> {
  return withLockedSession(options, async (locked) => {
    const { migrations } = options.target
    const planned = requirePlannedReverts(migrations, locked.inspection, plan)
    return withActiveRun({ ...options, ...locked }, planned.length, (run) => revertAll(planned, run))
  })
}

async function revertAll(migrations: readonly Migration[], run: ActiveRun): Promise<readonly string[]> {
  const remaining = new Set(run.context.inspection.recorded.revisions)
  const reverted: string[] = []
  for (const migration of migrations) {
    const startedAt = performance.now()
    remaining.delete(migration.revision)
    const revision = await loadRevision(migration, run.context.target.project)
    await revertOne(revision, run, remaining).catch((error: unknown) => {
      throw runError(error, run, revision, revertPhrases(revision, run, reverted))
    })
    const duration = performance.now() - startedAt
    reverted.push(migration.revision)
    const count = { number: reverted.length, total: migrations.length }
    run.context.report({ event: 'revision reverted', revision: revision.revision, ...count, duration })
  }
  return reverted
}

/** `remaining` are the revisions recorded once this one is reverted. */
async function revertOne(
  revision: LoadedRevision,
  run: ActiveRun,
  remaining: ReadonlySet<string>,
): Promise<void> {
  const { context, progress } = run
  const { transactional } = revision
  const { knex } = context.session
  await runWithLockRetry({ transactional, revisions: [revision] }, run, async () => {
    context.signal?.throwIfAborted()
    progress.beginRevert(revision)
    if (!transactional) return runDown(revision, knex, run, remaining)
    await knex.transaction(async (transaction) => {
      await runDown(revision, transaction, run, remaining)
    })
  })
}

async function runDown(
  revision: LoadedRevision,
  knex: Knex,
  run: ActiveRun,
  remaining: ReadonlySet<string>,
): Promise<void> {
  const { context } = run
  if (revision.module.down === null) throw new TypeError('it has no down function')
  const before = await compareRemaining(revision, context, remaining)
  const known = new Set(before.differences.map(({ key }) => key))
  await configureForRevision(revision, context)
  const recorded = [...remaining, revision.revision]
  await runCode({ revision, direction: 'down', knex, recorded }, run)
  const settled = run.progress.state.running ?? revision
  const { differences, canonicalizeFailures } = await compareRemaining(settled, context, remaining)
  const own = keysChangedBy(revision, context)
  const caused = differences.filter(({ key }) => !known.has(key) || own.has(key))
  const { revision: name, transactional } = settled
  if (caused.length > 0)
    throw verificationError({ revision: name, differences: caused, canonicalizeFailures, transactional })
  await removeRecord(name, context)
}

/** Differences from the promise without this revision. Drift that was there before is not its business. */
async function compareRemaining(
  { transactional }: LoadedRevision,
  { target, session, inspection }: RunContext,
  remaining: ReadonlySet<string>,
): Promise<PromiseComparison> {
  const { project, snapshot, scope } = target
  const { comments, grants } = scope
  const read = transactional ? readCatalogInTransaction : readCatalog
  const live = await read(session.client, { ...ledgerTablesOf(project), comments, grants })
  if (snapshot === null) return { differences: [], canonicalizeFailures: {} }
  const place = { client: session.client, major: inspection.major, transactional }
  return compareWithPromise(place, { snapshot, revisions: remaining, live }, scope)
}

function keysChangedBy(
  { revision }: LoadedRevision,
  { target: { snapshot } }: RunContext,
): ReadonlySet<string> {
  return new Set(Object.keys(snapshot?.revisions.find((entry) => entry.revision === revision)?.changes ?? {}))
}

async function removeRecord(revision: string, context: RunContext): Promise<void> {
  const { session, inspection, schema, target } = context
  const name = inspection.ledger?.names.find((recorded) => revisionOf(recorded) === revision) ?? revision
  const table = quoteTableName(schema, target.project.tableName)
  await session.client.query(`delete from ${table} where name = $1`, [name])
  await appendEntries(session.client, context, [{ revision, event: 'reverted' }])
}
