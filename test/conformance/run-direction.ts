import type { Catalog } from '../../src/core/model/catalog.js'
import type { Plan, PlanRefusal, Statement } from '../../src/ddl/statement.js'
import type { RunInDatabase } from '../../src/postgres/proof/trial.js'
import type { Case, Side } from './cases.js'
import { errorMessage } from '../../src/core/text/redact.js'
import { type CaseLoader, needsCommit } from './loaded-database.js'
import { type PlanResult, runPlan } from './run-plan.js'

/** The statements that lead from one catalog to another, and how they are run if not as they are. */
export interface Planned extends Plan {
  readonly run?: RunInDatabase | undefined
}

/** Writes them for one of the two directions of a case. */
export type Planner = (from: Catalog, to: Catalog, side: Side) => Planned | Promise<Planned>

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
  const plan = await planFor(direction, environment.planner)
  if (typeof plan === 'string')
    return { ...failedResult(`the planner threw: ${plan}`), statements: [], refused: [] }
  const { statements, refused } = plan
  const reasons = refused.map(({ key, reason, decide }) => [key, `  ${reason}`, `  ${decide}`])
  if (reasons.length > 0) return { verdict: 'refused', reasons, statements, refused }
  const result = await runPlanned(direction, plan, environment).catch((error: unknown) =>
    failedResult(errorMessage(error)),
  )
  return { ...result, statements, refused }
}

async function planFor({ from, to, side }: Direction, planner: Planner): Promise<Planned | string> {
  try {
    return await planner(from, to, side)
  } catch (error) {
    return errorMessage(error)
  }
}

/** Runs in a transaction where that gives the same result. A failure is confirmed where statements are committed. */
async function runPlanned(
  direction: Direction,
  planned: Planned,
  { first, committed }: Environment,
): Promise<PlanResult> {
  if (planned.run !== undefined || needsCommit(planned.statements))
    return runWithAndWithoutRows(committed, direction, planned)
  const result = await runWithAndWithoutRows(first, direction, planned).catch(() => null)
  if (result === null) return runWithAndWithoutRows(committed, direction, planned)
  if (result.verdict !== 'failed') return result
  return runWithAndWithoutRows(committed, direction, planned).catch(() => result)
}

/** A plan that fails with rows runs again without rows, because the inserted values are not a fault of the plan. */
async function runWithAndWithoutRows(
  loader: CaseLoader,
  { testCase, side, from, to }: Direction,
  { statements, run: runIt }: Planned,
): Promise<PlanResult> {
  const run = (rows: 'with rows' | 'without rows'): Promise<PlanResult> =>
    loader(testCase, side, (database) => runPlan(database, { from, to, statements, run: runIt }, rows))
  const withRows = await run('with rows')
  if (withRows.verdict !== 'failed') return withRows
  const withoutRows = await run('without rows')
  return withoutRows.verdict === 'exact' ? { ...withoutRows, reasons: withRows.reasons } : withoutRows
}

function failedResult(error: string): PlanResult {
  return { verdict: 'failed', reasons: [[error]] }
}
