import { type Catalog, type Facts, sameFact, sameFacts } from '../../core/model/catalog.js'
import { diff, type Difference, type UndeterminedFacts } from '../../core/model/diff.js'

/** What a plan is to change, and what was there. */
export interface ExpectedChange {
  /** The scratch database before the plan ran. */
  readonly before: Catalog
  readonly to: Catalog
  /** What the plan is to change, without what it does not write. `expected` belongs to `to`. */
  readonly wanted: readonly Difference[]
  readonly undetermined: UndeterminedFacts
}

/**
 * What a scratch database is expected to hold: what is wanted, and of all else what it held before. An object that the plan
 * changed on the way is expected as it is wanted, because it may have been created again.
 */
export function expectedCatalog({ before, to, wanted }: ExpectedChange, after: Catalog): Catalog {
  const expected: Record<string, Facts> = { ...after }
  const keys = new Set([...wanted.map(({ key }) => key), ...changedKeys(before, after)])
  for (const key of keys) {
    const facts = to[key]
    if (facts === undefined) delete expected[key]
    else expected[key] = facts
  }
  return expected
}

/** What follows from other objects: the columns of a view that stays, from the columns that it reads. */
const derivedFacts = new Set(['columns'])

function changedKeys(before: Catalog, after: Catalog): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => {
    const [earlier, later] = [before[key], after[key]]
    return earlier === undefined || later === undefined || !sameFacts(earlier, later)
  })
}

/** The differences that a plan left or made. What it was not to change may be as it was before. */
export function remainingDifferences(change: ExpectedChange, after: Catalog): readonly Difference[] {
  const { before, wanted, undetermined } = change
  const byKey = new Map(wanted.map((difference) => [difference.key, difference]))
  return diff(expectedCatalog(change, after), after, undetermined).flatMap((difference): Difference[] => {
    const { key } = difference
    const asked = byKey.get(key)
    if (difference.change !== 'changed') {
      const isAsBefore = (before[key] === undefined) === (difference.change === 'missing')
      return asked === undefined && isAsBefore ? [] : [difference]
    }
    const isAsked = (fact: string): boolean =>
      asked !== undefined && (asked.change !== 'changed' || asked.facts.includes(fact))
    const facts = difference.facts.filter(
      (fact) =>
        isAsked(fact) || (!derivedFacts.has(fact) && !sameFact(difference.actual[fact], before[key]?.[fact])),
    )
    return facts.length === 0 ? [] : [{ ...difference, facts }]
  })
}
