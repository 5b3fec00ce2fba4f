import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { ledgerTablesOf, readCatalogInTransaction } from '../../postgres/introspect/read-catalog.js'
import { ledgerDetailOf } from '../../postgres/ledger/change-hash.js'
import { appendEntries } from '../../postgres/ledger/ledger.js'
import { withLockedSession } from '../../postgres/session/locked-session.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { LockedSession } from '../../postgres/session/sessions.js'
import { markApplied } from '../../postgres/session/mark-applied.js'
import { halfAppliedError } from '../../postgres/verify/half-applied-error.js'
import {
  readUnfinishedRevisions,
  type UnfinishedRevision,
} from '../../postgres/verify/unfinished-revisions.js'
import type { Migration } from '../../project/migration-files.js'
import { rebuildIndexes, throwIfStopped } from './rebuild-indexes.js'
import type { RepairPlan, RepairSurvey } from './repair-plan.js'

/** What was done. */
export interface RepairResult {
  /** The keys of the indexes that were dropped, and built again where they are promised. */
  readonly indexes: readonly string[]
  readonly records: readonly string[]
}

/**
 * Does under the lock what was confirmed, as far as a survey still finds it, and nothing else. Taking the lock frees Knex's
 * lock row. A revision is recorded in a transaction that has just found all its objects as promised.
 * Throws SCHEMA_REPAIR_FAILED, SCHEMA_HALF_APPLIED where a revision is no longer complete.
 */
export async function repair(
  options: MigrateOptions,
  confirmed: RepairPlan,
  survey: RepairSurvey,
): Promise<RepairResult> {
  return withLockedSession(options, async ({ prepareLedgers }) => {
    const locked = await prepareLedgers()
    const indexes = await rebuildIndexes(confirmed.indexes, options, locked, survey)
    throwIfStopped(options, indexes)
    const { records } = await survey(locked.session.client, indexes)
    const migrations = options.target.migrations.filter(
      ({ revision }) => records.includes(revision) && confirmed.records.includes(revision),
    )
    if (migrations.length > 0) await recordRepaired(migrations, options, locked)
    return { indexes, records: migrations.map(({ revision }) => revision) }
  })
}

async function recordRepaired(
  migrations: readonly Migration[],
  options: MigrateOptions,
  locked: LockedSession,
): Promise<void> {
  const { snapshot } = options.target
  const rows = migrations.map((migration) => ({
    revision: migration.revision,
    event: 'repaired' as const,
    checksum: migration.checksum,
    detail: ledgerDetailOf(migration, snapshot),
  }))
  for (const { revision } of migrations) options.report({ event: 'repairing', what: `recording ${revision}` })
  await markApplied(locked, options.target, migrations, async () => {
    await requireApplied(migrations, options, locked)
    await appendEntries(locked.session.client, locked, rows)
  })
}

async function requireApplied(
  migrations: readonly Migration[],
  { target }: MigrateOptions,
  { session, inspection }: LockedSession,
): Promise<void> {
  const { project, snapshot, scope, connection } = target
  const { comments, grants } = scope
  const live = await readCatalogInTransaction(session.client, {
    ...ledgerTablesOf(project),
    comments,
    grants,
  })
  const recorded = [...inspection.recorded.revisions]
  const found: UnfinishedRevision[] = []
  for (const migration of migrations) {
    const now = { ...inspection, live, recorded: { ...inspection.recorded, revisions: recorded } }
    const context = { snapshot, inspection: now, transaction: 'callers', scope } as const
    found.push(...(await readUnfinishedRevisions(session.client, [migration], context)))
    recorded.push(migration.revision)
  }
  if (found.every(({ completion }) => completion.kind === 'applied')) return
  throw halfAppliedError({
    pending: found,
    build: target.migrations.map(({ revision }) => revision),
    database: describeAddress(addressOf(connection)),
    consequence: 'Nothing was recorded.',
  })
}
