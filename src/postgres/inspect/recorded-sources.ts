import pg from 'pg'
import type { MigrationTexts } from '../../core/history/file-changes.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { KnexProject } from '../../project/knexfile.js'
import { ledgerName, type Migration, revisionOf } from '../../project/migration-files.js'
import { changeHashOf } from '../ledger/change-hash.js'
import { quoteTableName } from '../ledger/ledger.js'
import type { Inspection } from './inspect.js'

export interface MigrationBuild {
  readonly migrations: readonly Migration[]
  readonly project: Pick<KnexProject, 'tableName'>
  readonly snapshot: Snapshot | null
}

/** The texts of the migrations, now and as the ledger has them. */
export function sourceTextsOf({ ledger }: Pick<Inspection, 'ledger'>, build: MigrationBuild): MigrationTexts {
  const { migrations, project, snapshot } = build
  const { schema = 'public', names = [], last = new Map() } = ledger ?? {}
  const table = quoteTableName(schema, project.tableName)
  return {
    sources: migrations,
    recorded: last,
    promisedChangeOf: (revision) => changeHashOf(snapshot, revision),
    renameStatement: (revision, to) => {
      const was = names.find((name) => revisionOf(name) === revision) ?? revision
      const sourceName = migrations.find((migration) => migration.revision === to)?.sourceName ?? null
      const is = ledgerName({ revision: to, sourceName }, names)
      return `update ${table} set name = ${pg.escapeLiteral(is)} where name = ${pg.escapeLiteral(was)}`
    },
  }
}
