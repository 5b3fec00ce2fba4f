import { type Catalog, parseKey } from '../../core/model/catalog.js'
import { compareInScope, defaultScope, type Scope } from '../../core/model/scope.js'
import { promisedCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import type { CanonicalizedCatalog, SnapshotComparison } from '../canonicalize/canonicalize.js'
import type { ReadOptions } from '../introspect/read-catalog.js'
import { verificationError } from './verification-error.js'

/** A revision whose `up` has run and is not committed yet. */
export interface UncommittedRevision {
  readonly revision: string
  readonly transactional: boolean
  /** All revisions recorded, this one included. */
  readonly recorded: readonly string[]
  /** The catalog as the revision's own transaction sees it, without the ledgers. */
  readonly read: (options?: Omit<ReadOptions, 'ledgerTables'>) => Promise<Catalog>
  /** What was read, in the words of the snapshot wherever they mean the same. */
  readonly canonicalize: (sight: Omit<SnapshotComparison, 'major'>) => Promise<CanonicalizedCatalog>
}

/** Looks at a revision before its commit; what it throws rolls the revision back. */
export type RevisionCheck = (ran: UncommittedRevision) => Promise<void>

/**
 * Verifies that the objects a revision was to change are what the snapshot promises. Differences in other objects are not
 * its business, nor is what is out of scope. Throws SCHEMA_PROMISE_BROKEN. Without a snapshot nothing is promised and nothing
 * checked.
 */
export function createRevisionCheck(snapshot: Snapshot | null, scope: Scope = defaultScope): RevisionCheck {
  return async ({ revision, transactional, recorded, read, canonicalize }) => {
    const changes = snapshot?.revisions.find((entry) => entry.revision === revision)?.changes ?? {}
    const keys = Object.keys(changes)
    if (snapshot === null || keys.length === 0) return
    const { comments, grants } = scope
    const kinds = new Set(keys.map((key) => parseKey(key).kind))
    const found = await read({ kinds, comments, grants })
    const promised = promisedCatalogAt(snapshot, recorded)
    const { differences } = compareInScope(promised, found, scope, keys)
    if (differences.length === 0) return
    const sight = { snapshot, revisions: recorded, live: found, differences }
    const { live, canonicalizeFailures } = await canonicalize(sight)
    const { differences: kept } = compareInScope(promised, live, scope, keys)
    if (kept.length > 0)
      throw verificationError({ revision, differences: kept, canonicalizeFailures, transactional })
  }
}
