import type { TaskControl } from '../../gate/assess.js'
import { readDatabaseStatus } from '../../gate/read-status.js'
import { refuseOtherHistory } from '../../gate/refuse-position.js'
import { countUpTo } from '../../project/revision-range.js'
import type { ProjectWorkspace, Workspace } from '../../workspace.js'
import type { Rehearsal } from './rehearsal.js'
import { rehearseRevisions } from './rehearse.js'

/** Rehearses what is pending in the configured database. Throws what `readDatabaseStatus` and `rehearseRevisions` throw. */
export async function rehearseDatabase(
  workspace: Workspace,
  withRows: boolean,
  control: TaskControl,
): Promise<Rehearsal> {
  const status = await readDatabaseStatus(workspace, control)
  refuseOtherHistory(status, workspace.config.target, 'Nothing was rehearsed.')
  const { applied, pending } = status.assessment.history
  return rehearseRevisions(workspace, { applied, pending, withRows }, control)
}

/** Rehearses the revisions after `from`, or all. Throws SCHEMA_USAGE for one that this build does not have. */
export function rehearseOffline(
  workspace: ProjectWorkspace,
  from: string | null,
  withRows: boolean,
  control: TaskControl,
): Promise<Rehearsal> {
  const build = workspace.migrations.map(({ revision }) => revision)
  const first = countUpTo(from, build, 'Nothing was rehearsed.') ?? 0
  const range = { applied: build.slice(0, first), pending: build.slice(first), withRows }
  return rehearseRevisions(workspace, range, control)
}
