import type { Catalog } from '../../src/core/model/catalog.js'
import type { Plan, PlanRefusal, Statement } from '../../src/ddl/statement.js'
import type { Case, Side } from './cases.js'
import { errorText } from './error-text.js'
import { type CaseLoader, needsCommit } from './loaded-database.js'
import { type PlanResult, runPlan } from './run-plan.js'

/** Writes the statements that lead from one catalog to another. */
export type Planner = (from: Catalog, to: Catalog) => Plan

/** What cases run with. */
export interface Environment {
  readonly planner: Planner
  /** Loaders of two different databases in which everything is rolled back. */
  readonly first: CaseLoader
  readonly second: CaseLoader
  /** A loader of databases in which everything is committed. */
  readonly committed: CaseLoader
}

/** From one side of a case to the other. */
export interface Direction {
  readonly testCase: Case
  /** The side with the catalog `from`. */
  readonly side: Side
  readonly from: Catalog
  readonly to: Catalog
}

export interface DirectionResult {
  readonly verdict: 'exact' | 'refused' | 'wrong' | 'failed'
  /** Why the result is not exact; for an exact one, what failed with rows. Each reason is a list of lines. */
  readonly reasons: readonly (readonly string[])[]
  readonly statements: readonly Statement[]
  readonly refused: readonly PlanRefusal[]
}

/** Writes the plan for a direction and runs it. */
export async function runDirection(direction: Direction, environment: Environment): Promise<DirectionResult> {
  const plan = planFor(direction, environment.planner)
  if (typeof plan === 'string')
    return { ...failedResult(`the planner threw: ${plan}`), statements: [], refused: [] }
  const reasons = plan.refused.map(({ key, reason, decide }) => [key, `  ${reason}`, `  ${decide}`])
  if (reasons.length > 0) return { verdict: 'refused', reasons, ...plan }
  const result = await runStatements(direction, plan.statements, environment).catch((error: unknown) =>
    failedResult(errorText(error)),
  )
  return { ...result, ...plan }
}

function planFor({ from, to }: Direction, planner: Planner): Plan | string {
  try {
    return planner(from, to)
  } catch (error) {
    return errorText(error)
  }
}

/** Runs in a transaction where that gives the same result. A failure is confirmed where statements are committed. */
async function runStatements(
  direction: Direction,
  statements: readonly Statement[],
  { first, committed }: Environment,
): Promise<PlanResult> {
  if (needsCommit(statements)) return runWithAndWithoutRows(committed, direction, statements)
  const result = await runWithAndWithoutRows(first, direction, statements).catch(() => null)
  if (result === null) return runWithAndWithoutRows(committed, direction, statements)
  if (result.verdict !== 'failed') return result
  return runWithAndWithoutRows(committed, direction, statements).catch(() => result)
}

/** A plan that fails with rows runs again without rows, because the inserted values are not a fault of the plan. */
async function runWithAndWithoutRows(
  loader: CaseLoader,
  { testCase, side, from, to }: Direction,
  statements: readonly Statement[],
): Promise<PlanResult> {
  const run = (rows: 'with rows' | 'without rows'): Promise<PlanResult> =>
    loader(testCase, side, (database) => runPlan(database, { from, to, statements }, rows))
  const withRows = await run('with rows')
  if (withRows.verdict !== 'failed') return withRows
  const withoutRows = await run('without rows')
  return withoutRows.verdict === 'exact' ? { ...withoutRows, reasons: withRows.reasons } : withoutRows
}

function failedResult(error: string): PlanResult {
  return { verdict: 'failed', reasons: [[error]] }
}
