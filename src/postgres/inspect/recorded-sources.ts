import pg from 'pg'
import type { MigrationTexts } from '../../core/history/file-changes.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { Migration } from '../../project/migration-files.js'
import { ledgerName } from '../../project/revision-name.js'
import { changeHashOf } from '../ledger/change-hash.js'
import { type Ledger, quoteTableName } from '../ledger/ledger.js'

/** The migrations of this build, the checksums that the ledger recorded, and the SQL that renames a recorded revision. */
export function sourceTextsOf(
  ledger: Ledger | null,
  migrations: readonly Migration[],
  tableName: string,
  snapshot: Snapshot | null,
): MigrationTexts {
  const { schema = 'public', records = [], last = new Map() } = ledger ?? {}
  const table = quoteTableName(schema, tableName)
  return {
    sources: migrations,
    recorded: last,
    promisedChangeOf: (revision) => changeHashOf(snapshot, revision),
    renameStatement: (revision, to) => {
      const oldName = records.find((record) => record.revision === revision)?.name ?? revision
      const migration = migrations.find((each) => each.revision === to)
      const newName = migration === undefined ? to : ledgerName(migration, migrations, records)
      return `update ${table} set name = ${pg.escapeLiteral(newName)} where name = ${pg.escapeLiteral(oldName)}`
    },
  }
}
