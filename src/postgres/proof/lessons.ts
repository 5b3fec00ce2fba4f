import type { Difference } from '../../core/model/diff.js'
import { errorMessage } from '../../core/text/redact.js'
import { findObject } from '../../ddl/object.js'
import { partsOf, type Plan, type PlanRefusal, type Statement } from '../../ddl/statement.js'
import { driverErrorCode } from '../connection/sqlstate.js'
import { missingRoleOf } from '../scratch/server-roles.js'
import { plannedCauses } from './affected.js'
import type { ProvideRole, Unbuilt } from './build-start.js'
import { failureReason, type ProofGoal, type TrialResult } from './trial.js'
import { unprovableExtent } from './unprovable.js'

/** What is learned from one trial for the next. */
export interface Lessons {
  readonly refusals: PlanRefusal[]
  readonly skipped: Map<string, Unbuilt>
  readonly unbuilt: Map<string, string>
  readonly withoutRows: Set<string>
  /** Why a statement fails with some rows, by its SQL. */
  readonly rowFailures: Map<string, string>
  /** Whether what is joined in one statement is run as several, so that it is known which one fails. */
  apart: boolean
}

export function noLessons(): Lessons {
  return {
    refusals: [],
    skipped: new Map(),
    unbuilt: new Map(),
    withoutRows: new Set(),
    rowFailures: new Map(),
    apart: false,
  }
}

/** Whether all ran, and nothing is left. */
export function isAsWanted({ failed, remaining, taken }: TrialResult): boolean {
  return failed === null && remaining.length + taken.length === 0
}

/** Notes what is to be different in the next trial of the same statements; false where the statements must be others. */
export async function learnFromPlace(
  { failed, tablesWithRows }: TrialResult,
  { from }: ProofGoal,
  lessons: Lessons,
  provideRole: ProvideRole,
): Promise<boolean> {
  if (failed === null) return false
  const { statement, error } = failed
  const { key, sql } = statement
  const role = missingRoleOf(error)
  if (role !== null && (await provideRole(role))) return true
  const extent = unprovableExtent(error)
  const reason = errorMessage(error)
  if (extent === 'statement') lessons.skipped.set(sql, { key, reason })
  else if (extent === 'object') lessons.unbuilt.set(key, reason)
  else if (tablesWithRows.length > 0 && (isAboutRows(error) || readsAny(tablesWithRows, statement))) {
    const own = lessons.rowFailures.has(sql) ? undefined : findObject(from, key)?.relation
    const isOwn = own !== undefined && tablesWithRows.includes(own)
    for (const table of isOwn ? [own] : tablesWithRows) lessons.withoutRows.add(table)
    lessons.rowFailures.set(sql, reason)
  } else return false
  return true
}

/** The plan as it is run next. */
export function planFor(
  { plan }: { readonly plan: (refusals: readonly PlanRefusal[]) => Plan },
  { refusals, apart }: Lessons,
): Plan {
  const next = plan(refusals)
  return apart ? { ...next, statements: next.statements.flatMap(partsOf) } : next
}

/** Notes what must not be written, because it failed or is to blame for what is left. */
export function learnRefusals(
  { failed, remaining, taken }: TrialResult,
  plan: Plan,
  goal: ProofGoal,
  lessons: Lessons,
): void {
  if (failed?.statement.parts !== undefined) {
    lessons.apart = true
    return
  }
  lessons.apart = false
  const before = lessons.refusals.length
  if (failed !== null) refuse(lessons, failed.statement.key, failureReason(failed))
  else refuseCauses([...remaining.map(faultOf), ...taken.map(takenFault)], plan, goal, lessons)
  if (lessons.refusals.length === before) refuseAll(plan, lessons)
}

/** What is not as it should be after a trial. */
interface Fault {
  readonly key: string
  readonly text: string
}

function refuseCauses(faults: readonly Fault[], plan: Plan, goal: ProofGoal, lessons: Lessons): void {
  const planned = new Set([
    ...plan.statements.map(({ key }) => key),
    ...goal.differences.map(({ key }) => key),
  ])
  const known = new Set([...lessons.refusals, ...plan.refused].map(({ key }) => key))
  for (const key of known) planned.delete(key)
  for (const { key, text } of faults)
    for (const cause of plannedCauses(key, planned, goal))
      refuse(lessons, cause, `after its SQL ran in a scratch database, ${key === cause ? 'it' : key} ${text}`)
}

/** Classes of SQLSTATEs that say that values or rows do not allow something. */
const rowClasses = ['22', '23']

function isAboutRows(error: unknown): boolean {
  return rowClasses.includes(driverErrorCode(error).slice(0, 2))
}

/** Whether it is said to fail for rows of these tables. Types and functions of a project give whatever SQLSTATE they like. */
function readsAny(tables: readonly string[], { hazards }: Statement): boolean {
  return hazards.some((hazard) => hazard.hazard === 'may fail' && tables.includes(hazard.table ?? ''))
}

function refuse({ refusals }: Lessons, key: string, reason: string): void {
  if (refusals.some((refusal) => refusal.key === key)) return
  refusals.push({ key, reason, decide: 'how it is changed, and write that by hand' })
}

export function refuseAll({ statements }: Plan, lessons: Lessons): void {
  for (const { key } of statements.flatMap(partsOf))
    refuse(lessons, key, 'no order of the statements was found that works in a scratch database')
}

function faultOf(difference: Difference): Fault {
  const { key, change } = difference
  if (change === 'changed') return { key, text: `differs in ${difference.facts.join(', ')}` }
  return { key, text: change === 'missing' ? 'is not there' : 'is there, and should not be' }
}

function takenFault([key, number]: TrialResult['taken'][number]): Fault {
  return { key, text: `goes on with ${number}, which a row has already` }
}
