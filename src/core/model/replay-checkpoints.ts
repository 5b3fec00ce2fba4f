import type { Catalog, Facts } from './catalog.js'
import type { Changes } from './snapshot.js'

/** What each revision of a replay changed, in their order. */
export type ReplayChanges = ReadonlyMap<string, Changes>

/** By the revision after which to look: the objects to look at, each with the revision that last changed it. */
export type ReplayCheckpoints = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * When to read the catalog of a second replay to see all that the first one changed. An object stays as it is until
 * another revision changes it, so a few looks are enough for hundreds of revisions.
 */
export function planCheckpoints(first: ReplayChanges): ReplayCheckpoints {
  const looks = new Map<string, ReadonlyMap<string, string>>()
  let unseen = new Map<string, string>()
  let previous = ''
  for (const [revision, changes] of first) {
    const keys = Object.keys(changes)
    if (keys.some((key) => unseen.has(key))) {
      looks.set(previous, unseen)
      unseen = new Map()
    }
    for (const key of keys) unseen.set(key, revision)
    previous = revision
  }
  return looks.set(previous, unseen)
}

/** A second replay: what was seen at each look, and what was there before the first revision. */
export interface CheckpointCatalogs {
  readonly checkpoints: ReplayCheckpoints
  readonly catalogs: ReadonlyMap<string, Catalog>
  readonly base: Catalog
}

/**
 * The changes of the first replay as the second one made them. Left out is what the second did not do: make an object of
 * that name, or drop one that was there.
 */
export function findRepeatedChanges(
  { checkpoints, catalogs, base }: CheckpointCatalogs,
  first: ReplayChanges,
): ReplayChanges {
  const repeated = new Map<string, Record<string, Facts | null>>()
  const known = new Set(Object.keys(base))
  for (const [at, look] of checkpoints)
    for (const [key, revision] of look) {
      const facts = catalogs.get(at)?.[key] ?? null
      if (facts !== null) known.add(key)
      const isSame = (facts === null) === (first.get(revision)?.[key] === null)
      if (isSame && known.has(key))
        repeated.set(revision, Object.assign(repeated.get(revision) ?? {}, { [key]: facts }))
    }
  return repeated
}
