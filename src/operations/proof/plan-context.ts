import { noContext, type PlanContext } from '../../ddl/plan/runbook.js'
import { type Plan, tablesOf } from '../../ddl/statement.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { readBriefly } from '../../postgres/inspect/read-briefly.js'
import { readTableSizes } from '../../postgres/inspect/table-sizes.js'
import { type ChangeGoal, planUndo } from './prove-changes.js'

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
  const tables = tablesOf(statements.flatMap(({ hazards }) => hazards))
  const sizes =
    connection === null
      ? noContext.sizes
      : await withClient(connection, (client) => readBriefly(client, () => readTableSizes(client, tables)))
  return { sizes, undo: planUndo(goal, plan), isLive: goal.isLive }
}
