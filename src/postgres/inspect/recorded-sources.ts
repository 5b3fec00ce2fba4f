import pg from 'pg'
import type { MigrationTexts } from '../../core/history/file-changes.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { Migration } from '../../project/migration-files.js'
import { ledgerName, revisionOf } from '../../project/revision-name.js'
import { changeHashOf } from '../ledger/change-hash.js'
import { type Ledger, quoteTableName } from '../ledger/ledger.js'

/** The migrations of this build, the checksums that the ledger recorded, and the SQL that renames a recorded revision. */
export function sourceTextsOf(
  ledger: Ledger | null,
  migrations: readonly Migration[],
  tableName: string,
  snapshot: Snapshot | null,
): MigrationTexts {
  const { schema = 'public', names = [], last = new Map() } = ledger ?? {}
  const table = quoteTableName(schema, tableName)
  return {
    sources: migrations,
    recorded: last,
    promisedChangeOf: (revision) => changeHashOf(snapshot, revision),
    renameStatement: (revision, to) => {
      const oldName = names.find((name) => revisionOf(name) === revision) ?? revision
      const sourceName = migrations.find((migration) => migration.revision === to)?.sourceName ?? null
      const newName = ledgerName({ revision: to, sourceName }, names)
      return `update ${table} set name = ${pg.escapeLiteral(newName)} where name = ${pg.escapeLiteral(oldName)}`
    },
  }
}
