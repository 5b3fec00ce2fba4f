import type { Knex } from 'knex'
import { ledgerName, type Migration } from '../../project/migration-files.js'
import type { MigrateOptions } from '../session/locked-session.js'
import { applyRevision } from './apply.js'
import { runWithLockRetry, withActiveRun } from './lock-retry.js'
import { migrationError } from './migrate-error.js'
import { recordRollback } from './record-rollback.js'
import type { MigrationWithModule, ActiveRun, RunContext, MigrationStep } from './run-context.js'

/**
 * Loads the migrations and groups them: a revision without a transaction stands alone, because Knex would otherwise
 * take the transaction from its neighbours too and record them outside of it.
 */
export async function loadSteps(
  migrations: readonly Migration[],
  { project, transaction }: Pick<MigrateOptions, 'project' | 'transaction'>,
): Promise<readonly MigrationStep[]> {
  const steps: { transactional: boolean; migrations: MigrationWithModule[] }[] = []
  for (const migration of migrations) {
    const module = await migration.load()
    const transactional = module.transaction ?? !project.disableTransactions
    const last = steps.at(-1)
    const joins = transaction === 'batch' && transactional && last?.transactional === true
    if (joins) last.migrations.push({ ...migration, module })
    else steps.push({ transactional, migrations: [{ ...migration, module }] })
  }
  return steps
}

/**
 * Runs the steps in order and returns the revisions applied. One in a transaction that locks of others block is taken back
 * and tried again until the deadline. Throws what `migrationFailure` makes of an error.
 */
export async function runSteps(
  steps: readonly MigrationStep[],
  context: RunContext,
): Promise<readonly string[]> {
  const total = steps.reduce((sum, { migrations }) => sum + migrations.length, 0)
  return withActiveRun(context, total, async (run) => {
    const { state } = run
    try {
      for (const step of steps) {
        await runWithLockRetry(step, run, () => runStep(step, run))
        state.applied.push(...step.migrations.map(({ revision }) => revision))
      }
      return state.applied
    } catch (error) {
      await recordRollback(error, run)
      throw await migrationError(error, run)
    }
  })
}

async function runStep({ migrations, transactional }: MigrationStep, run: ActiveRun): Promise<void> {
  const { session, project, schema, inspection } = run.context
  const migrationSource: Knex.MigrationSource<MigrationWithModule> = {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => ledgerName(migration, inspection.ledger?.names ?? []),
    getMigration: async (migration) => ({
      config: { transaction: transactional },
      up: (knex) => applyRevision(migration, { knex, transactional, ...run }),
      down: async () => {},
    }),
  }
  await session.knex.migrate.latest({
    migrationSource,
    tableName: project.tableName,
    schemaName: schema,
    disableTransactions: !transactional,
    disableMigrationsListValidation: true,
  })
}
