import type pg from 'pg'
import { compactTime } from '../../core/text/format.js'
import { addressOf } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'
import { queryRows, readServerMajor } from '../connection/query.js'
import type { LedgerEntry } from '../ledger/ledger.js'
import { type Backup, type BackupPlace, dumpDatabase } from './dump.js'

/** Backs a database up at a revision. Throws SCHEMA_BACKUP_FAILED. */
export async function backUp(
  client: pg.ClientBase,
  connection: Connection,
  { place, current, signal }: BackupRequest,
): Promise<Backup> {
  const [row] = await queryRows(client, 'select pg_database_size(current_database()) as size')
  return dumpDatabase(
    {
      connection,
      major: await readServerMajor(client),
      databaseSize: Number(row?.['size']),
      name: backupName(addressOf(connection).name, current),
      signal,
    },
    place,
  )
}

export interface BackupRequest {
  readonly place: BackupPlace
  /** The newest revision of the database; null where it has none. */
  readonly current: string | null
  readonly signal?: AbortSignal | undefined
}

/** The row of the ledger that says where a backup is. */
export function backupEntry({ name, size, sha256 }: Backup, duration: number): LedgerEntry {
  return { revision: null, event: 'backed up', duration, detail: { backup: { name, size, sha256 } } }
}

/** `shop_20261120091402_20261101_add_tags.dump`: names sort by time. */
function backupName(database: string, current: string | null): string {
  const now = compactTime(new Date().toISOString())
  return `${[database, now, current ?? 'empty'].join('_').replaceAll(/[^\w.-]/g, '-')}.dump`
}
