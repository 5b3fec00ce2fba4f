import type { Catalog, Facts } from './catalog.js'
import type { Changes } from './snapshot.js'

/** What each revision of a replay changed, in the order of the revisions. */
export type ReplayChanges = ReadonlyMap<string, Changes>

/** After which revision to read which objects, each with the revision that changed it last. */
export type ReplayCheckpoints = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * When to read the catalog of a second replay to see everything that the first one changed. An object stays the same until
 * a later revision changes it, so a few reads are enough for hundreds of revisions.
 */
export function planCheckpoints(first: ReplayChanges): ReplayCheckpoints {
  const checkpoints = new Map<string, ReadonlyMap<string, string>>()
  let unread = new Map<string, string>()
  let previous = ''
  for (const [revision, changes] of first) {
    const keys = Object.keys(changes)
    if (keys.some((key) => unread.has(key))) {
      checkpoints.set(previous, unread)
      unread = new Map()
    }
    for (const key of keys) unread.set(key, revision)
    previous = revision
  }
  return checkpoints.set(previous, unread)
}

/**
 * The changes of the first replay as the second one made them. Left out are those that the second did not make: it created
 * no object of that name, or had none to drop. `catalogs` is what the second replay read at each checkpoint, `base` what
 * its database held before the first revision.
 */
export function findRepeatedChanges(
  first: ReplayChanges,
  checkpoints: ReplayCheckpoints,
  catalogs: ReadonlyMap<string, Catalog>,
  base: Catalog,
): ReplayChanges {
  const repeated = new Map<string, Record<string, Facts | null>>()
  const known = new Set(Object.keys(base))
  for (const [at, checkpoint] of checkpoints)
    for (const [key, revision] of checkpoint) {
      const facts = catalogs.get(at)?.[key] ?? null
      if (facts !== null) known.add(key)
      const isSame = (facts === null) === (first.get(revision)?.[key] === null)
      if (isSame && known.has(key))
        repeated.set(revision, Object.assign(repeated.get(revision) ?? {}, { [key]: facts }))
    }
  return repeated
}
