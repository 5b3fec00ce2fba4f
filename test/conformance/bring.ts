import type { Catalog } from '../../src/core/model/catalog.js'
import type { Plan, PlanRefusal, Statement } from '../../src/ddl/statement.js'
import { attempt, type Outcome } from './attempt.js'
import type { Case, Side } from './cases.js'
import { errorText } from './error-text.js'
import { needsCommit, type Takes } from './place.js'
import type { Planner } from './planner.js'

export interface Means {
  readonly planner: Planner
  /** Two databases in which everything is rolled back. */
  readonly here: Takes
  readonly there: Takes
  /** Where everything is committed. */
  readonly own: Takes
}

/** One way of a pair. */
export interface Direction {
  readonly verdict: 'brought' | 'refused' | 'wrong' | 'failed'
  /** Why it is not brought across; of one that is, what failed on the rows put in. */
  readonly reasons: readonly (readonly string[])[]
  readonly statements: readonly Statement[]
  readonly refused: readonly PlanRefusal[]
}

export interface Way {
  readonly one: Case
  /** The side that `from` is the catalog of. */
  readonly side: Side
  readonly from: Catalog
  readonly to: Catalog
}

/** Writes the plan for one way of a pair, and runs it. */
export async function bring(way: Way, means: Means): Promise<Direction> {
  const plan = planFor(way, means.planner)
  if (typeof plan === 'string')
    return { ...failed(`the planner threw: ${plan}`), statements: [], refused: [] }
  const reasons = plan.refused.map(({ key, reason, decide }) => [key, `  ${reason}`, `  ${decide}`])
  if (reasons.length > 0) return { verdict: 'refused', reasons, ...plan }
  const outcome = await run(way, plan.statements, means).catch((error: unknown) => failed(errorText(error)))
  return { ...outcome, ...plan }
}

function planFor({ from, to }: Way, planner: Planner): Plan | string {
  try {
    return planner({ from, to })
  } catch (error) {
    return errorText(error)
  }
}

/** In a transaction if that can show the same, else, and to be sure of a failure, where it is committed. */
async function run(way: Way, statements: readonly Statement[], means: Means): Promise<Outcome> {
  if (needsCommit(statements)) return runIn(means.own, way, statements)
  const outcome = await runIn(means.here, way, statements).catch(() => null)
  if (outcome === null) return runIn(means.own, way, statements)
  return outcome.verdict === 'failed' ? runIn(means.own, way, statements).catch(() => outcome) : outcome
}

/** What fails with rows is tried without: values that are in the way are not the plan's fault. */
async function runIn(takes: Takes, way: Way, statements: readonly Statement[]): Promise<Outcome> {
  const run = (rows: 'with rows' | 'without rows'): Promise<Outcome> =>
    takes(way.one, way.side, (place) => attempt(place, { ...way, statements, rows }))
  const withRows = await run('with rows')
  if (withRows.verdict !== 'failed') return withRows
  const without = await run('without rows')
  return without.verdict === 'brought' ? { ...without, reasons: withRows.reasons } : without
}

function failed(error: string): Outcome {
  return { verdict: 'failed', reasons: [[error]] }
}
