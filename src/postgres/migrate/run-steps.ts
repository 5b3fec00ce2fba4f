import type { Knex } from 'knex'
import type { KnexProject } from '../../project/knex-project.js'
import type { Migration } from '../../project/migration-files.js'
import { ledgerName } from '../../project/revision-name.js'
import { queryRows } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { quoteTableName } from '../ledger/ledger.js'
import { toKnexMigration } from '../session/knex-migration.js'
import type { RunPolicy } from '../session/migrate-options.js'
import type { RevisionCheck } from '../verify/check-revision.js'
import { applyRevision, reportCommitted } from './apply.js'
import { type MigrationStep, recordRollback, runWithLockRetry } from './lock-retry.js'
import { migratePhrases } from './migrate-phrases.js'
import { runError } from './run-error.js'
import type { LoadedRevision } from './run-state.js'
import { withActiveRun } from './run.js'
import type { ActiveRun, RunContext } from './active-run.js'

/** Loads the code of a migration. Throws SCHEMA_MIGRATION_UNLOADABLE. */
export async function loadRevision(migration: Migration, project: KnexProject): Promise<LoadedRevision> {
  const module = await migration.load()
  return { ...migration, module, transactional: module.transaction ?? !project.disableTransactions }
}

/**
 * Loads the migrations and groups them into steps. A revision without a transaction is a step of its own: Knex would
 * otherwise take the transaction from its neighbours too, and record them outside of it.
 */
export async function loadSteps(
  migrations: readonly Migration[],
  project: KnexProject,
  { transaction }: RunPolicy,
): Promise<readonly MigrationStep[]> {
  const steps: { transactional: boolean; revisions: LoadedRevision[] }[] = []
  for (const migration of migrations) {
    const revision = await loadRevision(migration, project)
    const { transactional } = revision
    const last = steps.at(-1)
    const joins = transaction !== 'each' && transactional && last?.transactional === true
    if (joins) last.revisions.push(revision)
    else steps.push({ transactional, revisions: [revision] })
  }
  return steps
}

/**
 * Runs the steps in order and returns the revisions applied. A step in a transaction that locks of others block is rolled
 * back and tried again until the deadline. Throws what `runError` makes of an error.
 */
export async function runSteps(
  steps: readonly MigrationStep[],
  context: RunContext,
  check: RevisionCheck,
): Promise<readonly string[]> {
  const total = steps.reduce((sum, { revisions }) => sum + revisions.length, 0)
  return withActiveRun(context, total, async (run) => {
    const { progress } = run
    try {
      const joinBatch = createBatchJoiner(context)
      for (const step of steps) {
        await runWithLockRetry(step, run, () => runStep(step, run, check))
        if (steps.length > 1) await joinBatch()
        reportCommitted(run)
      }
      return progress.state.applied
    } catch (error) {
      await recordRollback(error, run)
      throw runError(error, run, progress.state.running, await migratePhrases(run))
    }
  })
}

/**
 * To Knex each step is a batch. Called after each, this gives them the number of the first one: what one `latest` of Knex
 * applies, one `rollback` takes back.
 */
function createBatchJoiner({ session: { client }, target, schema }: RunContext): () => Promise<void> {
  const table = quoteTableName(schema, target.project.tableName)
  let first: unknown = null
  return async () => {
    if (first !== null)
      await client.query(`update ${table} set batch = $1 where batch > $1`, [first]).catch(ignoreMissingRight)
    else first = (await queryRows(client, `select max(batch) as batch from ${table}`))[0]?.['batch']
  }
}

/** Knex itself needs no right to update its ledger, and the revisions are committed, whatever their number is. */
function ignoreMissingRight(error: unknown): void {
  if (!hasSqlState(error, sqlState.insufficientPrivilege)) throw error
}

/** Knex takes its own lock row, opens the transaction, and records each revision; the code it runs is ours. */
async function runStep(
  { revisions, transactional }: MigrationStep,
  run: ActiveRun,
  check: RevisionCheck,
): Promise<void> {
  const { session, target, schema, inspection } = run.context
  const migrationSource: Knex.MigrationSource<LoadedRevision> = {
    getMigrations: async () => [...revisions],
    getMigrationName: (revision) => ledgerName(revision, target.migrations, inspection.ledger?.records ?? []),
    getMigration: (revision) =>
      toKnexMigration({
        config: { transaction: transactional },
        up: (knex) => applyRevision(revision, knex, run, check),
        down: async () => {},
      }),
  }
  await session.knex.migrate.latest({
    migrationSource,
    tableName: target.project.tableName,
    schemaName: schema,
    disableTransactions: !transactional,
    disableMigrationsListValidation: true,
  })
}
