import { noContext, type PlanContext } from '../../ddl/plan/runbook.js'
import type { Plan } from '../../ddl/statement.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { type ChangeGoal, planUndo } from './prove-changes.js'
import { readTableSizes } from './table-sizes.js'

/**
 * What a person wants to know of a plan besides its statements: how much they touch, and what takes them back.
 *
 * @param connection leads to the database that it is for; null where there is none
 */
export async function readPlanContext(
  goal: ChangeGoal,
  plan: Plan,
  connection: Connection | null,
): Promise<PlanContext> {
  const { statements } = plan
  if (statements.length === 0) return noContext
  const sizes =
    connection === null
      ? noContext.sizes
      : await withClient(connection, (client) => readTableSizes(client, statements))
  return { sizes, undo: planUndo(goal, plan), isLive: goal.isLive }
}
