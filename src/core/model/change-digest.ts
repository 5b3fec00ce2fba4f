import { type Facts, sameFacts } from './catalog.js'
import { defaultScope, limitToScope } from './scope.js'
import type { Snapshot } from './snapshot.js'

/**
 * The catalog change of a revision as one text, which is equal for equal changes: objects and facts are sorted, and
 * structure, comments, grants and facts that differ at every replay are left out. Null if the snapshot lacks the revision.
 */
export function canonicalChange({ base, revisions }: Snapshot, revision: string): string | null {
  const index = revisions.findIndex((entry) => entry.revision === revision)
  const entry = revisions[index]
  if (entry === undefined) return null
  const earlier = [base, ...revisions.slice(0, index).map(({ changes }) => changes)]
  const changes = Object.entries(entry.changes).flatMap(([key, after]) => {
    const before = earlier.findLast((change) => Object.hasOwn(change, key))?.[key] ?? null
    const [was, is] = [before, after].map((facts) => comparableFacts(key, facts, entry.undetermined?.[key]))
    return isUnchanged(was, is) ? [] : [[key, is ?? null] as const]
  })
  return JSON.stringify(changes.toSorted(byName))
}

type ComparableFacts = Facts | null | undefined

function comparableFacts(
  key: string,
  facts: Facts | null,
  undetermined: readonly string[] = [],
): ComparableFacts {
  const compared = facts === null ? undefined : limitToScope({ [key]: facts }, defaultScope)[key]
  if (compared === undefined) return null
  const entries = Object.entries(compared).filter(
    ([name]) => !name.startsWith('$') && !undetermined.includes(name),
  )
  return Object.fromEntries(entries.toSorted(byName))
}

function isUnchanged(was: ComparableFacts, is: ComparableFacts): boolean {
  return was && is ? sameFacts(was, is) : !was && !is
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0
}
