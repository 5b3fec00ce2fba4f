import type { Direction } from './bring.js'
import type { Result } from './case.js'
import type { Case } from './cases.js'

export interface Judged {
  readonly one: Case
  readonly result: Result
}

/** What became of some pairs. Directions are two a pair. */
export interface Tally {
  readonly pairs: number
  readonly loaded: number
  readonly seen: number
  readonly forth: number
  readonly back: number
  readonly refused: number
  readonly wrong: number
  readonly failed: number
}

export function tally(judged: readonly Judged[]): Tally {
  const loaded = judged.filter(({ result }) => result.state !== 'not loaded')
  const seen = loaded.flatMap(({ result }) => (result.state === 'seen' ? [result] : []))
  const forth = seen.map((one) => one.forth)
  const back = seen.map((one) => one.back)
  const count = (directions: readonly Direction[], verdict: Direction['verdict']): number =>
    directions.filter((one) => one.verdict === verdict).length
  return {
    pairs: judged.length,
    loaded: loaded.length,
    seen: seen.length,
    forth: count(forth, 'brought'),
    back: count(back, 'brought'),
    refused: count([...forth, ...back], 'refused'),
    wrong: count([...forth, ...back], 'wrong'),
    failed: count([...forth, ...back], 'failed'),
  }
}

/** The share of directions that are brought across, in percent; none of a pair that is not seen is. */
export function broughtShare({ forth, back, loaded }: Tally): number {
  return (100 * (forth + back)) / (2 * loaded)
}

/** What the whole is measured against: the name of each bar, and whether it is met. */
export function bars(total: Tally): readonly { readonly bar: string; readonly met: boolean }[] {
  return [
    { bar: 'all pairs load', met: total.loaded === total.pairs },
    { bar: 'all pairs seen', met: total.seen === total.loaded },
    { bar: '95 of 100 directions brought across', met: broughtShare(total) >= 95 },
    { bar: 'none wrong', met: total.wrong === 0 },
    { bar: 'none failed', met: total.failed === 0 },
  ]
}
