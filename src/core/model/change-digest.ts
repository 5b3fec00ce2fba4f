import { type Facts, sameFacts } from './catalog.js'
import { defaultScope, withinScope } from './scope.js'
import type { Snapshot } from './snapshot.js'

/**
 * The catalog change of a revision as one text that is the same for the same change: objects and facts in order, without
 * structure, comments, grants and what differs at every replay. Null where the snapshot lacks the revision.
 */
export function changeText({ base, revisions }: Snapshot, revision: string): string | null {
  const index = revisions.findIndex((entry) => entry.revision === revision)
  const entry = revisions[index]
  if (entry === undefined) return null
  const earlier = [base, ...revisions.slice(0, index).map(({ changes }) => changes)]
  const changes = Object.entries(entry.changes).flatMap(([key, after]) => {
    const before = earlier.findLast((change) => Object.hasOwn(change, key))?.[key] ?? null
    const [was, is] = [before, after].map((facts) => comparable(key, facts, entry.undetermined?.[key]))
    return same(was, is) ? [] : [[key, is ?? null] as const]
  })
  return JSON.stringify(changes.toSorted(byName))
}

type Comparable = Facts | null | undefined

function comparable(key: string, facts: Facts | null, undetermined: readonly string[] = []): Comparable {
  const compared = facts === null ? undefined : withinScope({ [key]: facts }, defaultScope)[key]
  if (compared === undefined) return null
  const entries = Object.entries(compared).filter(
    ([name]) => !name.startsWith('$') && !undetermined.includes(name),
  )
  return Object.fromEntries(entries.toSorted(byName))
}

function same(was: Comparable, is: Comparable): boolean {
  return was && is ? sameFacts(was, is) : !was && !is
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0
}
