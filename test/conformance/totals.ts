import type { Case } from './cases.js'
import type { CaseOutcome } from './run-case.js'
import type { DirectionResult } from './run-direction.js'

export interface CaseResult {
  readonly testCase: Case
  readonly outcome: CaseOutcome
}

/** Counts of pairs, and of directions, which are two for each pair. */
export interface Totals {
  readonly pairs: number
  readonly loaded: number
  readonly seen: number
  readonly aToB: number
  readonly bToA: number
  readonly refused: number
  readonly wrong: number
  readonly failed: number
}

export function totalsOf(results: readonly CaseResult[]): Totals {
  const loaded = results.filter(({ outcome }) => outcome.state !== 'not loaded')
  const seen = loaded.flatMap(({ outcome }) => (outcome.state === 'seen' ? [outcome] : []))
  const aToB = seen.map((outcome) => outcome.aToB)
  const bToA = seen.map((outcome) => outcome.bToA)
  const count = (directions: readonly DirectionResult[], verdict: DirectionResult['verdict']): number =>
    directions.filter((direction) => direction.verdict === verdict).length
  return {
    pairs: results.length,
    loaded: loaded.length,
    seen: seen.length,
    aToB: count(aToB, 'exact'),
    bToA: count(bToA, 'exact'),
    refused: count([...aToB, ...bToA], 'refused'),
    wrong: count([...aToB, ...bToA], 'wrong'),
    failed: count([...aToB, ...bToA], 'failed'),
  }
}

/**
 * The share of exact directions among those of loaded pairs, in percent. A pair whose difference is not seen has none.
 */
export function exactShare({ aToB, bToA, loaded }: Totals): number {
  return (100 * (aToB + bToA)) / (2 * loaded)
}

/** The requirements for all cases together, and whether each is met. */
export function requirementsFor(totals: Totals): readonly {
  readonly requirement: string
  readonly met: boolean
}[] {
  return [
    { requirement: 'all pairs load', met: totals.loaded === totals.pairs },
    { requirement: 'all differences are seen', met: totals.seen === totals.loaded },
    { requirement: '95 of 100 directions are exact', met: exactShare(totals) >= 95 },
    { requirement: 'none wrong', met: totals.wrong === 0 },
    { requirement: 'none failed', met: totals.failed === 0 },
  ]
}
