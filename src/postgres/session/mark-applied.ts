import type { Knex } from 'knex'
import type { Migration } from '../../project/migration-files.js'
import { ledgerName } from '../../project/revision-name.js'
import { quoteTableName } from '../ledger/ledger.js'
import { toKnexMigration } from './knex-migration.js'
import type { MigrationTarget } from './migrate-options.js'
import type { LockedSession } from './sessions.js'

/**
 * Records revisions without running them, in one transaction, none of them recorded yet. Knex records the last one in its
 * usual way, and creates its tables where they are missing; the `up` of that one runs `inTransaction`, and records the ones
 * before it in one statement.
 */
export async function markApplied(
  { session, schema, inspection }: LockedSession,
  { project, migrations: build }: MigrationTarget,
  migrations: readonly Migration[],
  inTransaction: () => Promise<void>,
): Promise<void> {
  const nameOf = (migration: Migration): string =>
    ledgerName(migration, build, inspection.ledger?.records ?? [])
  const earlier = migrations.slice(0, -1).map(nameOf)
  const up = async (): Promise<void> => {
    await inTransaction()
    if (earlier.length > 0)
      await session.client.query(recordNames(quoteTableName(schema, project.tableName)), [earlier])
  }
  const migrationSource: Knex.MigrationSource<Migration> = {
    getMigrations: async () => migrations.slice(-1),
    getMigrationName: nameOf,
    getMigration: () => toKnexMigration({ up, down: async () => {} }),
  }
  await session.knex.migrate.latest({
    migrationSource,
    tableName: project.tableName,
    schemaName: schema,
    disableMigrationsListValidation: true,
  })
}

/** As Knex records them: in order, with the number of the batch that runs now. */
function recordNames(table: string): string {
  return `insert into ${table} (name, batch, migration_time)
    select name, (select coalesce(max(batch), 0) + 1 from ${table}), now()
    from unnest($1::text[]) with ordinality as listed(name, number) order by number`
}
