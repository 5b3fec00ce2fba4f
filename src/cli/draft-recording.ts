import type { Draft } from '../draft.js'
import { describeAddress } from '../postgres/address.js'
import { ident, literal } from '../ddl/names.js'
import { ledgerName } from '../postgres/migrations.js'
import type { KnexProject } from '../postgres/project.js'
import type { MigrationFile } from './migration-file.js'

interface Recording {
  readonly file: MigrationFile
  readonly project: KnexProject
}

/**
 * What to do about the database that a draft was made from, which has already what the migration makes. Nothing for other
 * sources.
 */
export function recordingSteps(
  { inspection }: Draft,
  { file: { revision }, project: { tableName } }: Recording,
): readonly string[] {
  if (inspection === null) return []
  const { database, schema, ledger } = inspection
  const table = [ledger?.schema ?? schema ?? 'public', tableName].map(ident).join('.')
  const name = ledgerName({ revision, sourceName: null }, ledger?.names ?? [])
  const statements = [
    ...(ledger === null
      ? [
          `create table ${table} (id serial primary key, name varchar(255), batch integer, migration_time timestamptz);`,
        ]
      : []),
    `insert into ${table} (name, batch, migration_time)`,
    `  select ${literal(name)}, coalesce(max(batch), 0) + 1, now() from ${table};`,
  ]
  return [
    `${describeAddress(database)} has already what the migration makes, so that there it would fail. There, record it\ninstead of running it, once it is final:`,
    statements.map((line) => `  ${line}`).join('\n'),
    'schemagate verify then says whether that is true.',
  ]
}
