import { findDestructiveRevision } from '../core/history/destructive.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { MigrateOptions } from '../postgres/session/migrate-options.js'
import type { Workspace } from '../workspace.js'
import type { TaskControl } from './assess.js'

/**
 * What makes a backup before revisions are run, where the configuration asks for one. An empty database has nothing to lose.
 * Without `BACKUP_BEFORE_MIGRATE` none of that code is loaded.
 */
export async function backupBefore(
  { config, migrationConnection: connection }: Workspace,
  snapshot: Snapshot | null,
  { report, signal }: TaskControl,
): Promise<Pick<MigrateOptions, 'beforeRun'>> {
  const { before, ...place } = config.backup
  if (before === 'off') return {}
  const { backUp, backupEntry } = await import('../postgres/backup/back-up.js')
  return {
    beforeRun: async (pending, client, inspection) => {
      const { revisions } = inspection.recorded
      if (revisions.length === 0) return []
      if (before === 'destructive' && findDestructiveRevision(snapshot, pending) === null) return []
      const started = performance.now()
      const current = revisions.at(-1) ?? null
      const backup = await backUp(client, connection, { place, current, signal })
      const duration = performance.now() - started
      report({ event: 'backed up', ...backup, duration })
      return [backupEntry(backup, duration)]
    },
  }
}
