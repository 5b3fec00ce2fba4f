import type { Knex } from 'knex'
import type { KnexProject } from '../../project/knexfile.js'
import { ledgerName, type Migration } from '../../project/migration-files.js'
import type { LockedSession } from './locked-session.js'

export interface MarkAppliedOptions {
  readonly project: KnexProject
  /** What is to be recorded, none of it recorded yet. */
  readonly migrations: readonly Migration[]
  /** What belongs to it: done in the transaction that records, before the first revision is recorded. */
  readonly inTransaction: () => Promise<void>
}

/**
 * Records revisions without running them, in one transaction. Knex does it, and makes its tables where there are none: the
 * first revision's `up` does the work, and those of the others do nothing.
 */
export async function markApplied(
  { session, schema, inspection }: LockedSession,
  { project, migrations, inTransaction }: MarkAppliedOptions,
): Promise<void> {
  const [first] = migrations
  const migrationSource: Knex.MigrationSource<Migration> = {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => ledgerName(migration, inspection.ledger?.names ?? []),
    getMigration: async (migration) => ({
      up: migration === first ? inTransaction : async () => {},
      down: async () => {},
    }),
  }
  await session.knex.migrate.latest({
    migrationSource,
    tableName: project.tableName,
    schemaName: schema,
    disableMigrationsListValidation: true,
  })
}
