import { isSerious } from '../impact/rule.js'
import { type Assessment, findingsOf } from './decision.js'
import { hasOtherOwner } from './ownership.js'
import type { Decision, Policy } from './policy.js'

/** What is known of a database when the gate opens on it, to judge later readings by. */
export interface OpeningState {
  /** The keys of the serious differences that the decision accepted. */
  readonly accepted: ReadonlySet<string>
  readonly hadTables: boolean
}

/** A reading of the database that a process with an open gate serves from. */
export interface ServingReading {
  readonly assessment: Assessment
  readonly decision: Decision
  readonly hasTables: boolean
}

/** The part of the policy that decides on a database which changes while a process serves. */
export type ServingPolicy = Pick<Policy, 'onDriftWhileServing'>

/** The keys of the differences that break or weaken this build. */
export function seriousKeys(assessment: Assessment): readonly string[] {
  return findingsOf(assessment)
    .filter(({ impact }) => isSerious(impact))
    .map(({ key }) => key)
}

/** Whether there are serious differences that the gate had not accepted when it opened. */
export function hasNewDrift({ accepted }: OpeningState, { assessment }: ServingReading): boolean {
  return seriousKeys(assessment).some((key) => !accepted.has(key))
}

/**
 * Whether a process whose gate is open goes on serving. All replicas read the same database, so one that turns unready takes
 * all of them with it: by default only if no request may be answered any more, because the database is another's by now or
 * was replaced by an empty one. With ON_DRIFT_WHILE_SERVING=unready also if a start would refuse, and after new drift.
 */
export function staysReady(
  opening: OpeningState,
  reading: ServingReading,
  { onDriftWhileServing }: ServingPolicy,
): boolean {
  if (hasOtherOwner(reading.assessment.ownership) || isEmptied(opening, reading)) return false
  return (
    onDriftWhileServing === 'warn' || (reading.decision.action !== 'refuse' && !hasNewDrift(opening, reading))
  )
}

function isEmptied({ hadTables }: OpeningState, { assessment, hasTables }: ServingReading): boolean {
  return hadTables && !hasTables && assessment.history.position === 'empty'
}
