import { configuredWriter } from '../../gate/preconditions.js'
import type { TaskControl } from '../../gate/assess.js'
import { backUp, backupEntry } from '../../postgres/backup/back-up.js'
import type { Backup } from '../../postgres/backup/dump.js'
import { withClient } from '../../postgres/connection/connect.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { appendEntries, ensureLedger } from '../../postgres/ledger/ledger.js'
import type { Workspace } from '../../workspace.js'

/** A backup that was made, and the revision that the database has in it. */
export interface BackedUpDatabase extends Backup {
  readonly current: string | null
}

/** Backs the configured database up, and notes it in its ledger where it has one. Throws SCHEMA_BACKUP_FAILED. */
export async function backUpDatabase(workspace: Workspace, control: TaskControl): Promise<BackedUpDatabase> {
  const { config, migrationConnection: connection } = workspace
  return withClient(connection, async (client) => {
    const { recorded, ledger } = await inspect(client, { ...workspace, connection })
    const current = recorded.revisions.at(-1) ?? null
    const started = performance.now()
    const backup = await backUp(client, connection, {
      place: config.backup,
      current,
      signal: control.signal,
    })
    if (ledger !== null) {
      await ensureLedger(client, ledger.schema)
      const place = { schema: ledger.schema, writer: configuredWriter(config) }
      await appendEntries(client, place, [backupEntry(backup, performance.now() - started)])
    }
    return { ...backup, current }
  })
}
