import type pg from 'pg'
import { noContext, type PlanContext } from '../../ddl/plan/runbook.js'
import { type Plan, type Statement, tablesOf } from '../../ddl/statement.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { hasSqlState, sqlState } from '../../postgres/connection/sqlstate.js'
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
  const sizes =
    connection === null
      ? noContext.sizes
      : await withClient(connection, (client) => readSizes(client, statements))
  return { sizes, undo: planUndo(goal, plan), isLive: goal.isLive }
}

/** The sizes of the tables of hazards. What is locked is not waited for: then no size is known. */
async function readSizes(
  client: pg.ClientBase,
  statements: readonly Statement[],
): Promise<PlanContext['sizes']> {
  const tables = tablesOf(statements.flatMap(({ hazards }) => hazards))
  await client.query(`begin read only; set local lock_timeout to '1s'`)
  try {
    return await readTableSizes(client, tables)
  } catch (error) {
    if (hasSqlState(error, sqlState.lockNotAvailable)) return noContext.sizes
    throw error
  } finally {
    await client.query('rollback')
  }
}
