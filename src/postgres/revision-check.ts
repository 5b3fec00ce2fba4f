import { type Catalog, parseKey } from '../core/catalog.js'
import { differencesOf, promisedAt, type Snapshot } from '../core/snapshot.js'
import { brokenPromise } from './broken-promise.js'

/** A revision whose `up` has run and is not committed yet. */
export interface RanRevision {
  readonly revision: string
  readonly transactional: boolean
  /** All revisions recorded, this one included. */
  readonly recorded: readonly string[]
  /** The catalog as the revision's own transaction sees it, or only some kinds of it. */
  readonly read: (kinds?: ReadonlySet<string>) => Promise<Catalog>
}

/** Looks at a revision before its commit; what it throws rolls the revision back. */
export type RevisionCheck = (ran: RanRevision) => Promise<void>

/**
 * Verifies that the objects a revision was to change are what the snapshot promises. Differences in other objects are not
 * its business. Throws SCHEMA_PROMISE_BROKEN. Without a snapshot nothing is promised and nothing checked.
 */
export function checkAgainst(snapshot: Snapshot | null): RevisionCheck {
  return async ({ revision, transactional, recorded, read }) => {
    const changes = snapshot?.revisions.find((entry) => entry.revision === revision)?.changes ?? {}
    const keys = Object.keys(changes)
    if (snapshot === null || keys.length === 0) return
    const live = await read(new Set(keys.map((key) => parseKey(key).kind)))
    const differences = differencesOf(promisedAt(snapshot, recorded), live, keys)
    if (differences.length > 0) throw brokenPromise({ revision, differences, transactional })
  }
}
