import { findDestructiveRevision } from '../core/history/destructive.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { MigrateOptions } from '../postgres/session/migrate-options.js'
import type { Workspace } from '../workspace.js'
import type { TaskControl } from './assess.js'

type BeforeRun = NonNullable<MigrateOptions['beforeRun']>

/**
 * What comes before pending revisions, under the lock: their hazards are judged, then a backup is made. What the configuration
 * does not ask for is not loaded.
 */
export function beforeRun(
  workspace: Workspace,
  snapshot: Snapshot | null,
  control: TaskControl,
): Pick<MigrateOptions, 'beforeRun'> {
  const { policy, backup } = workspace.config
  const steps: readonly BeforeRun[] = [
    ...(policy.onHazard === 'allow' ? [] : [judgeBefore(workspace, snapshot, control)]),
    ...(backup.before === 'off' ? [] : [backupBefore(workspace, snapshot, control)]),
  ]
  if (steps.length === 0) return {}
  return {
    beforeRun: async (...run) => {
      const entries = []
      for (const step of steps) entries.push(...(await step(...run)))
      return entries
    },
  }
}

function judgeBefore(workspace: Workspace, snapshot: Snapshot | null, { report }: TaskControl): BeforeRun {
  return async (...run) => {
    const { judgeHazards } = await import('./hazards/judge-hazards.js')
    return judgeHazards(workspace, snapshot, report)(...run)
  }
}

/** An empty database has nothing to lose. */
function backupBefore(
  { config, migrationConnection: connection }: Workspace,
  snapshot: Snapshot | null,
  { report, signal }: TaskControl,
): BeforeRun {
  const { before, ...place } = config.backup
  return async (pending, client, inspection) => {
    const { revisions } = inspection.recorded
    if (revisions.length === 0) return []
    if (before === 'destructive' && findDestructiveRevision(snapshot, pending) === null) return []
    const { backUp, backupEntry } = await import('../postgres/backup/back-up.js')
    const started = performance.now()
    const current = revisions.at(-1) ?? null
    const backup = await backUp(client, connection, { place, current, signal })
    const duration = performance.now() - started
    report({ event: 'backed up', ...backup, duration })
    return [backupEntry(backup, duration)]
  }
}
