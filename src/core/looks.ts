import type { Catalog, Facts } from './catalog.js'
import type { Changes } from './snapshot.js'

/** What to look at after a revision: object keys, each with the revision that last changed it. */
export type Look = ReadonlyMap<string, string>

/** What each revision of a replay changed, in their order. */
export type ReplayedChanges = ReadonlyMap<string, Changes>

/**
 * After which revisions of a second replay its catalog has to be read to see all that the first one changed. An object
 * stays as it is until another revision changes it, so a few reads are enough for hundreds of revisions.
 */
export function planLooks(first: ReplayedChanges): ReadonlyMap<string, Look> {
  const plan = new Map<string, Look>()
  let unseen = new Map<string, string>()
  let previous = ''
  for (const [revision, changes] of first) {
    const keys = Object.keys(changes)
    if (keys.some((key) => unseen.has(key))) {
      plan.set(previous, unseen)
      unseen = new Map()
    }
    for (const key of keys) unseen.set(key, revision)
    previous = revision
  }
  return plan.set(previous, unseen)
}

/**
 * The changes of the first replay as the second one made them, without those it did not make: the object has another name
 * there. `known` are the objects seen so far; one that never was there is not gone either.
 */
export function confirmedBy(
  catalog: Catalog,
  { look, first, known }: { readonly look: Look; readonly first: ReplayedChanges; readonly known: Set<string> },
): ReplayedChanges {
  const confirmed = new Map<string, Record<string, Facts | null>>()
  for (const [key, revision] of look) {
    const isGone = catalog[key] === undefined
    if (!isGone) known.add(key)
    const wasGone = first.get(revision)?.[key] === null
    if (isGone !== wasGone || !known.has(key)) continue
    confirmed.set(revision, { ...confirmed.get(revision), [key]: catalog[key] ?? null })
  }
  return confirmed
}
