import { type Catalog, keysOf } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { pickKeys } from '../../core/model/snapshot.js'
import type { Plan } from '../statement.js'

/** What a plan leads from and to, and what of it is to change: `expected` belongs to `to`, `actual` to `from`. */
export interface PlanGoal {
  readonly from: Catalog
  readonly to: Catalog
  readonly differences: readonly Difference[]
}

/** What leads back from where a plan has led: from its goal without what it does not write. */
export function undoGoalOf({ from, to, differences }: PlanGoal, { refused }: Plan): PlanGoal {
  const unwritten = new Set(refused.map(({ key }) => key))
  const reached = keysOf(to).filter((key) => !unwritten.has(key))
  return {
    from: unwritten.size === 0 ? to : { ...pickKeys(to, reached), ...pickKeys(from, unwritten) },
    to: from,
    differences: differences.filter(({ key }) => !unwritten.has(key)).map(inverse),
  }
}

function inverse(difference: Difference): Difference {
  const { change, key } = difference
  switch (change) {
    case 'missing':
      return { change: 'unexpected', key, actual: difference.expected }
    case 'unexpected':
      return { change: 'missing', key, expected: difference.actual }
    case 'changed':
      return { ...difference, expected: difference.actual, actual: difference.expected }
  }
}
