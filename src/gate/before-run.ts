import type { Snapshot } from '../core/model/snapshot.js'
import type { MigrateOptions } from '../postgres/session/migrate-options.js'
import type { Workspace } from '../workspace.js'
import type { TaskControl } from './assess.js'
import { backupBefore } from './backup-before.js'

type BeforeRun = NonNullable<MigrateOptions['beforeRun']>

/** What comes before pending revisions, under the lock: their hazards are judged, then a backup is made. */
export async function beforeRun(
  workspace: Workspace,
  snapshot: Snapshot | null,
  control: TaskControl,
): Promise<Pick<MigrateOptions, 'beforeRun'>> {
  const { beforeRun: backUp } = await backupBefore(workspace, snapshot, control)
  const steps = [
    ...(await hazardSteps(workspace, snapshot, control)),
    ...(backUp === undefined ? [] : [backUp]),
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

/** With ON_HAZARD=allow nothing of it is loaded. */
async function hazardSteps(
  workspace: Workspace,
  snapshot: Snapshot | null,
  { report }: TaskControl,
): Promise<readonly BeforeRun[]> {
  if (workspace.config.policy.onHazard === 'allow') return []
  return [
    async (...run) => {
      const { judgeHazards } = await import('./hazards/judge-hazards.js')
      return judgeHazards(workspace, snapshot, report)(...run)
    },
  ]
}
