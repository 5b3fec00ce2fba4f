import { type Facts, sameFacts } from './catalog.js'
import { defaultScope, limitToScope } from './scope.js'
import type { Snapshot, SnapshotRevision } from './snapshot.js'

/**
 * The catalog change of a revision as one text, which is equal for equal changes: objects and facts are sorted, and
 * structure, comments, grants and facts that differ at every replay are left out. Null if the snapshot lacks the revision.
 */
export function canonicalChange(snapshot: Snapshot, revision: string): string | null {
  const found = changesByRevision(snapshot).get(revision)
  if (found === undefined) return null
  const { entry, before } = found
  const changes = Object.entries(entry.changes).flatMap(([key, after]) => {
    const facts = [before.get(key) ?? null, after]
    const [was, is] = facts.map((each) => comparableFacts(key, each, entry.undetermined?.[key]))
    return isUnchanged(was, is) ? [] : [[key, is ?? null] as const]
  })
  return JSON.stringify(changes.toSorted(byName))
}

/** A revision, and the facts before it of the objects that it changes. */
interface ChangeInHistory {
  readonly entry: SnapshotRevision
  readonly before: ReadonlyMap<string, Facts>
}

const knownChanges = new WeakMap<Snapshot, ReadonlyMap<string, ChangeInHistory>>()

/** The revisions of a snapshot are asked for one after the other. */
function changesByRevision(snapshot: Snapshot): ReadonlyMap<string, ChangeInHistory> {
  const known = knownChanges.get(snapshot)
  if (known !== undefined) return known
  const found = new Map<string, ChangeInHistory>()
  const catalog = new Map(Object.entries(snapshot.base))
  for (const entry of snapshot.revisions) {
    const before = new Map<string, Facts>()
    for (const [key, after] of Object.entries(entry.changes)) {
      const facts = catalog.get(key)
      if (facts !== undefined) before.set(key, facts)
      if (after === null) catalog.delete(key)
      else catalog.set(key, after)
    }
    found.set(entry.revision, { entry, before })
  }
  knownChanges.set(snapshot, found)
  return found
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
