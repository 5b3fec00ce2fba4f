import type { UndeterminedFacts } from '../../core/model/diff.js'
import { planChanges } from '../../ddl/plan/plan.js'
import { type PlanGoal, undoGoalOf } from '../../ddl/plan/undo.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import type { Plan } from '../../ddl/statement.js'
import type { ProjectWorkspace } from '../../workspace.js'
import { proveForProject, type ScratchChoice } from './prove-for-project.js'

/** What is to change between two whole catalogs, and the PostgreSQL that printed them. */
export interface ChangeGoal extends PlanGoal {
  readonly undetermined: UndeterminedFacts
  /** The major version that printed `to`. */
  readonly printedBy: number | null
  /** The major version that printed `from`, where the SQL is to run. */
  readonly major: number
  /** Whether `from` is a database, which the SQL is for. */
  readonly isLive: boolean
}

/** The statements that lead from one catalog to another, as they ran in a scratch database. */
export async function proveChanges(
  goal: ChangeGoal,
  workspace: Pick<ProjectWorkspace, 'scratch' | 'project'>,
  choice: ScratchChoice,
): Promise<ProvenPlan> {
  const { from, to, differences, undetermined, printedBy, major, isLive } = goal
  const { plan } = await proveForProject(
    {
      from,
      to,
      differences,
      undetermined,
      printedBy,
      scope: { comments: true, grants: true },
      target: isLive ? major : null,
      plan: (refusals) => planChanges(from, to, { differences, refusals, serverMajor: major }),
    },
    workspace,
    choice,
  )
  return plan
}

/** What takes a plan back, once it has run; not proven. */
export function planUndo(goal: ChangeGoal, plan: Plan): Plan {
  const { from, to, differences } = undoGoalOf(goal, plan)
  return planChanges(from, to, { differences, serverMajor: goal.major })
}

/** What takes a plan back, as it ran in a scratch database with what the plan makes. */
export function proveUndo(
  goal: ChangeGoal,
  plan: Plan,
  workspace: Pick<ProjectWorkspace, 'scratch' | 'project'>,
  choice: ScratchChoice,
): Promise<ProvenPlan> {
  return proveChanges({ ...goal, ...undoGoalOf(goal, plan), printedBy: goal.major }, workspace, choice)
}
