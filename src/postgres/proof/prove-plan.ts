import type { Proof, ProvenPlan, UnprovenPart } from '../../ddl/proof.js'
import { partsOf, type Plan, type PlanRefusal, type Statement } from '../../ddl/statement.js'
import { withClient } from '../connection/connect.js'
import type { Scratch } from '../scratch/scratch.js'
import { neededKeys, withDependents } from './affected.js'
import type { ProvideRole, Unbuilt } from './build-start.js'
import {
  isAsWanted,
  learnFromPlace,
  learnRefusals,
  type Lessons,
  noLessons,
  planFor,
  refuseAll,
} from './lessons.js'
import { labelLosses } from './losses.js'
import { runStatements } from './run-statements.js'
import { startCatalogFor } from './start-catalog.js'
import { withScratchRoles } from './scratch-roles.js'
import {
  type ProofGoal,
  type RunInDatabase,
  runTrial,
  type Trial,
  type TrialResult,
  withoutHook,
} from './trial.js'

/** A plan to prove: what it is for, and how it is written without some of its changes. */
export interface ProofRequest extends ProofGoal {
  readonly plan: (refusals: readonly PlanRefusal[]) => Plan
  /** Default: as psql runs the script. */
  readonly run?: RunInDatabase
  /** Another way to run it, which is better where it works. Its failures do not say which statement is wrong. */
  readonly runFirst?: RunInDatabase
}

export interface ProofOutcome {
  readonly plan: ProvenPlan
  /** Whether `runFirst` works for what is left of the plan. */
  readonly ranFirst: boolean
}

/** After so many trials all that is left is refused. */
const maxTrials = 40

/**
 * Runs a plan in scratch databases until it works and leads to the wanted catalog: what fails, or leaves a difference, is
 * refused with the reason, and the rest is planned and run again. Throws SCHEMA_SCRATCH_UNAVAILABLE and the errors of
 * connecting.
 */
export async function provePlan(request: ProofRequest, scratch: Scratch): Promise<ProofOutcome> {
  return withScratchRoles(scratch, async (provideRole) => {
    const runOnce: RunOnce = (trial) =>
      scratch.withDatabase((connection) => runTrial(connection, request, trial, provideRole))
    const plan = request.plan([])
    const inPart = await proveInPart(request, plan, runOnce)
    return inPart ?? proveInWhole(request, plan, runOnce, provideRole)
  })
}

type RunOnce = (trial: Trial) => Promise<TrialResult>

/** Proves a plan that touches little of a large catalog where only that is built; null where anything is in doubt. */
async function proveInPart(
  request: ProofRequest,
  plan: Plan,
  runOnce: RunOnce,
): Promise<ProofOutcome | null> {
  const start = startCatalogFor(touchedKeys(plan, request), request)
  if (start === null) return null
  const lessons = noLessons()
  const { run = runAsScript, runFirst = run } = request
  const result = await runOnce({ plan, start, run: runFirst, ...lessons })
  if (!isAsWanted(result) || result.unbuilt.length > 0) return null
  return { plan: provenPlan(plan, result, request, lessons), ranFirst: true }
}

async function proveInWhole(
  request: ProofRequest,
  first: Plan,
  runOnce: RunOnce,
  provideRole: ProvideRole,
): Promise<ProofOutcome> {
  const { run = runAsScript, runFirst, from: start } = request
  const lessons = noLessons()
  /** How many refusals there were when `runFirst` failed last. */
  let failedAt = runFirst === undefined ? 0 : -1
  for (let trials = 0; ; trials += 1) {
    const plan = lessons.refusals.length === 0 && !lessons.apart ? first : planFor(request, lessons)
    const isFirst = runFirst !== undefined && failedAt !== lessons.refusals.length
    if (plan.statements.length === 0 || trials > maxTrials)
      return { plan: { ...plan, statements: [], proof: null }, ranFirst: isFirst }
    if (trials === maxTrials) {
      refuseAll(plan, lessons)
      continue
    }
    const result = await runOnce({ plan, start, run: isFirst ? runFirst : run, ...lessons })
    if (isAsWanted(result)) return { plan: provenPlan(plan, result, request, lessons), ranFirst: isFirst }
    if (await learnFromPlace(result, request, lessons, provideRole)) continue
    if (isFirst) failedAt = lessons.refusals.length
    else learnRefusals(result, plan, request, lessons)
  }
}

function provenPlan(plan: Plan, result: TrialResult, request: ProofRequest, lessons: Lessons): ProvenPlan {
  const statements = labelLosses(withRowFailures(plan, lessons), result.losses, request.from)
  return { ...plan, statements, proof: proofOf(plan, result, request, lessons) }
}

/** What the statements are for, and what they are to change. */
function touchedKeys({ statements }: Plan, { differences }: ProofGoal): ReadonlySet<string> {
  return new Set([...statements.flatMap(partsOf), ...differences].map(({ key }) => key))
}

/** As psql finds it: a session of its own. */
const runAsScript: RunInDatabase = (connection, statements) =>
  withClient(withoutHook(connection), (client) => runStatements(client, statements))

/** What failed with generated rows may fail with others; where no label says so yet, PostgreSQL's reason does. */
function withRowFailures({ statements }: Plan, { rowFailures }: Lessons): readonly Statement[] {
  const label = (statement: Statement): Statement => {
    const reason = rowFailures.get(statement.sql)
    const isLabelled = statement.hazards.some(({ hazard }) => hazard === 'may fail')
    if (reason === undefined || isLabelled) return statement
    return {
      ...statement,
      hazards: [...statement.hazards, { hazard: 'may fail', when: `rows are like these: ${reason}` }],
    }
  }
  return statements.map(label)
}

function proofOf(
  { statements }: Plan,
  result: TrialResult,
  { from, target }: ProofRequest,
  { skipped, unbuilt }: Lessons,
): Proof {
  // What could not be made there might have stood in the way of a change to what it needs.
  const roots = result.unbuilt.filter(({ isThere }) => isThere !== true).map(({ key }) => key)
  const needed = neededKeys(withDependents(roots, { from, to: from }), from)
  const reason = 'it was changed without what needs it here, which could not be made there'
  const alone = statements.filter(({ key }) => needed.has(key)).map(({ key }) => ({ key, reason }))
  const lacking = [
    ...result.unbuilt,
    ...skipped.values(),
    ...[...unbuilt].map(([key, why]) => ({ key, reason: why })),
    ...alone,
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
