import type { Difference } from '../../core/model/diff.js'
import { findObject } from '../../ddl/object.js'
import type { Proof, ProvenPlan, UnprovenPart } from '../../ddl/proof.js'
import type { Plan, PlanRefusal, Statement } from '../../ddl/statement.js'
import { errorMessage } from '../../core/text/redact.js'
import type { Connection } from '../connection/connect.js'
import { driverErrorCode } from '../connection/sqlstate.js'
import { missingRoleOf } from '../scratch/server-roles.js'
import type { Scratch } from '../scratch/scratch.js'
import { plannedCauses } from './affected.js'
import type { ProvideRole, Unbuilt } from './build-start.js'
import type { FailedStatement } from './run-statements.js'
import { withScratchRoles } from './scratch-roles.js'
import { failureReason, type ProofGoal, runTrial, type TrialResult } from './trial.js'
import { unprovableExtent } from './unprovable.js'

/** A plan to prove: what it is for, and how it is written without some of its changes. */
export interface ProofRequest extends ProofGoal {
  readonly plan: (refusals: readonly PlanRefusal[]) => Plan
}

/** What is learned from one trial for the next. */
interface Lessons {
  readonly refusals: PlanRefusal[]
  readonly skipped: Map<string, Unbuilt>
  readonly unbuilt: Map<string, string>
  readonly withoutRows: Set<string>
  /** Why a statement fails with some rows, by its SQL. */
  readonly rowFailures: Map<string, string>
}

/** After so many trials all that is left is refused. */
const maxTrials = 40

/**
 * Runs a plan in scratch databases until it works and leads to the wanted catalog: what fails, or leaves a difference, is
 * refused with the reason, and the rest is planned and run again. Throws SCHEMA_SCRATCH_UNAVAILABLE and the errors of
 * connecting.
 */
export async function provePlan(request: ProofRequest, scratch: Scratch): Promise<ProvenPlan> {
  return withScratchRoles(scratch, async (provideRole) => {
    const lessons: Lessons = {
      refusals: [],
      skipped: new Map(),
      unbuilt: new Map(),
      withoutRows: new Set(),
      rowFailures: new Map(),
    }
    for (let trials = 0; ; trials += 1) {
      const plan = request.plan(lessons.refusals)
      if (plan.statements.length === 0) return { ...plan, proof: null }
      if (trials === maxTrials) {
        refuseAll(plan, lessons)
        continue
      }
      const result = await scratch.withDatabase((connection) =>
        runTrial(withoutHook(connection), request, { plan, ...lessons }, provideRole),
      )
      if (await learn(result, plan, request, lessons, provideRole)) continue
      return { ...withRowFailures(plan, lessons), proof: proofOf(result, request, lessons) }
    }
  })
}

/** SQL for psql runs without what the knexfile does with a session of Knex. */
function withoutHook({ afterCreate: _, ...connection }: Connection): Connection {
  return connection
}

/** Notes what is to be different in the next trial; false where nothing is. */
async function learn(
  result: TrialResult,
  plan: Plan,
  request: ProofRequest,
  lessons: Lessons,
  provideRole: ProvideRole,
): Promise<boolean> {
  const { failed, remaining } = result
  if (failed !== null) {
    const role = missingRoleOf(failed.error)
    if (role === null || !(await provideRole(role))) learnFailure(failed, result, request, lessons)
    return true
  }
  if (remaining.length === 0) return false
  const planned = new Set([
    ...plan.statements.map(({ key }) => key),
    ...request.differences.map(({ key }) => key),
  ])
  const known = new Set([...lessons.refusals, ...plan.refused].map(({ key }) => key))
  for (const key of known) planned.delete(key)
  for (const difference of remaining)
    for (const key of plannedCauses(difference.key, planned, request))
      refuse(lessons, key, remainingReason(difference, key))
  return true
}

function learnFailure(
  failed: FailedStatement,
  { tablesWithRows }: TrialResult,
  { from }: ProofRequest,
  lessons: Lessons,
): void {
  const { statement, error } = failed
  const { key, sql } = statement
  const extent = unprovableExtent(error)
  const reason = errorMessage(error)
  if (extent === 'statement') lessons.skipped.set(sql, { key, reason })
  else if (extent === 'object') lessons.unbuilt.set(key, reason)
  else if (isAboutRows(error) && tablesWithRows.length > 0) {
    const own = lessons.rowFailures.has(sql) ? undefined : findObject(from, key)?.relation
    const isOwn = own !== undefined && tablesWithRows.includes(own)
    for (const table of isOwn ? [own] : tablesWithRows) lessons.withoutRows.add(table)
    lessons.rowFailures.set(sql, reason)
  } else refuse(lessons, key, failureReason(failed))
}

/** Classes of SQLSTATEs that say that values or rows do not allow something. */
const rowClasses = ['22', '23']

function isAboutRows(error: unknown): boolean {
  return rowClasses.includes(driverErrorCode(error).slice(0, 2))
}

function refuse({ refusals }: Lessons, key: string, reason: string): void {
  if (refusals.some((refusal) => refusal.key === key)) return
  refusals.push({ key, reason, decide: 'how it is changed, and write that by hand' })
}

function refuseAll({ statements }: Plan, lessons: Lessons): void {
  for (const { key } of statements)
    refuse(lessons, key, 'no order of the statements was found that works in a scratch database')
}

function remainingReason(difference: Difference, cause: string): string {
  const { key, change } = difference
  const what =
    change === 'missing'
      ? 'is not there'
      : change === 'unexpected'
        ? 'is there, and should not be'
        : `differs in ${difference.facts.join(', ')}`
  return `after its SQL ran in a scratch database, ${key === cause ? 'it' : key} ${what}`
}

/** What failed with generated rows may fail with others; where no label says so yet, PostgreSQL's reason does. */
function withRowFailures(plan: Plan, { rowFailures }: Lessons): Plan {
  const label = (statement: Statement): Statement => {
    const reason = rowFailures.get(statement.sql)
    const isLabelled = statement.hazards.some(({ hazard }) => hazard === 'may fail')
    if (reason === undefined || isLabelled) return statement
    return {
      ...statement,
      hazards: [...statement.hazards, { hazard: 'may fail', when: `rows are like these: ${reason}` }],
    }
  }
  return { ...plan, statements: plan.statements.map(label) }
}

function proofOf(result: TrialResult, { target }: ProofRequest, { skipped, unbuilt }: Lessons): Proof {
  const lacking = [
    ...result.unbuilt,
    ...skipped.values(),
    ...[...unbuilt].map(([key, reason]) => ({ key, reason })),
  ]
  return {
    proven: true,
    postgres: result.postgres,
    target,
    tablesWithRows: result.tablesWithRows.length,
    unproven: groupByReason(lacking),
  }
}

function groupByReason(lacking: readonly Unbuilt[]): readonly UnprovenPart[] {
  const reasons = [...new Set(lacking.map(({ reason }) => reason))]
  return reasons.map((reason) => ({
    reason,
    keys: [...new Set(lacking.filter((each) => each.reason === reason).map(({ key }) => key))],
  }))
}
