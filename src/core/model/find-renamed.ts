import { parseKey } from './catalog.js'
import type { RenamedObject } from './renamed-object.js'
import type { ReplayChanges } from './replay-checkpoints.js'

/**
 * The tables and other objects of their own that only the first of two replays made. `others` are the keys that only the
 * second one has.
 */
export function findRenamed(
  first: ReplayChanges,
  repeated: ReplayChanges,
  others: readonly string[],
): readonly RenamedObject[] {
  return [...first].flatMap(([revision, changes]) =>
    Object.entries(changes)
      .filter(([key, facts]) => facts !== null && repeated.get(revision)?.[key] === undefined)
      .filter(([key]) => parseKey(key).names.length <= 2)
      .map(([key]) => ({ revision, key, pattern: patternOf(key, others) })),
  )
}

/** The longest beginning that it shares with another name of its kind; of a number the first digit at most. */
function patternOf(key: string, others: readonly string[]): string {
  const least = key.lastIndexOf('.') + 1
  const shared = Math.max(0, ...others.map((other) => sharedLength(key, other)))
  if (shared <= least) return key
  return `${key.slice(0, shared).replace(/(?<=\D\d)\d+$/, '')}*`
}

function sharedLength(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index += 1) if (one[index] !== other[index]) return index
  return length
}
