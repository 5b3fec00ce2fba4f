import type { Knex } from 'knex'
import type { Migration } from '../../project/migration-files.js'
import { ledgerName } from '../../project/revision-name.js'
import { toKnexMigration } from './knex-migration.js'
import type { MigrationTarget } from './migrate-options.js'
import type { LockedSession } from './sessions.js'

/**
 * Records revisions without running them, in one transaction, none of them recorded yet. Knex does it, and creates its tables
 * where they are missing: the first revision's `up` runs `inTransaction`, those of the others do nothing.
 */
export async function markApplied(
  { session, schema, inspection }: LockedSession,
  { project, migrations: build }: MigrationTarget,
  migrations: readonly Migration[],
  inTransaction: () => Promise<void>,
): Promise<void> {
  const [first] = migrations
  const migrationSource: Knex.MigrationSource<Migration> = {
    getMigrations: async () => [...migrations],
    getMigrationName: (migration) => ledgerName(migration, build, inspection.ledger?.records ?? []),
    getMigration: (migration) =>
      toKnexMigration({ up: migration === first ? inTransaction : async () => {}, down: async () => {} }),
  }
  await session.knex.migrate.latest({
    migrationSource,
    tableName: project.tableName,
    schemaName: schema,
    disableMigrationsListValidation: true,
  })
}
