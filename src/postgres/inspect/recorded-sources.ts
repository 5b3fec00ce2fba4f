import pg from 'pg'
import type { Texts } from '../../core/history/file-changes.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { KnexProject } from '../../project/knexfile.js'
import { ledgerName, type Migration, revisionOf } from '../../project/migration-files.js'
import { promisedDetail } from '../ledger/change-hash.js'
import { qualified } from '../ledger/ledger.js'
import type { Inspection } from './inspect.js'

export interface Build {
  readonly migrations: readonly Migration[]
  readonly project: Pick<KnexProject, 'tableName'>
  readonly snapshot: Snapshot | null
}

/** The texts of the migrations, now and as the ledger has them. */
export function textsOf({ ledger }: Pick<Inspection, 'ledger'>, build: Build): Texts {
  const { migrations, project, snapshot } = build
  const { schema = 'public', names = [], last = new Map() } = ledger ?? {}
  const table = qualified(schema, project.tableName)
  return {
    sources: migrations,
    recorded: last,
    promiseOf: (revision) => promisedDetail(snapshot, revision),
    rename: (revision, to) => {
      const was = names.find((name) => revisionOf(name) === revision) ?? revision
      const sourceName = migrations.find((migration) => migration.revision === to)?.sourceName ?? null
      const is = ledgerName({ revision: to, sourceName }, names)
      return `update ${table} set name = ${pg.escapeLiteral(is)} where name = ${pg.escapeLiteral(was)}`
    },
  }
}
