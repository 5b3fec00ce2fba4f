import type pg from 'pg'
import type { Catalog } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { compareInScope, type Scope } from '../../core/model/scope.js'
import { promisedCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import { snapshotForDatabase } from '../introspect/extension-members.js'
import { canonicalizeDifferences, type CanonicalizeFailures } from '../canonicalize/canonicalize.js'

/** The server that can say whether two texts mean the same. */
export interface ComparisonServer {
  readonly client: pg.ClientBase
  readonly major: number
  /** Whether the client is inside a transaction, which must not be ended. */
  readonly transactional: boolean
}

/** A live catalog with its extensions, and the revisions at which the snapshot is to promise it. */
export interface CatalogAtRevisions {
  readonly snapshot: Snapshot
  readonly revisions: Iterable<string>
  readonly live: Catalog
}

export interface PromiseComparison {
  readonly differences: readonly Difference[]
  /** Why it could not be said whether a difference is more than a different text, by object key. */
  readonly canonicalizeFailures: CanonicalizeFailures
}

/**
 * What differs from the promise, in scope and of these keys (default: all). The server prints both texts of a difference
 * before it counts; without a difference it is not asked.
 */
export async function compareWithPromise(
  { client, major, transactional }: ComparisonServer,
  { snapshot: original, revisions, live }: CatalogAtRevisions,
  scope: Scope,
  keys?: readonly string[],
): Promise<PromiseComparison> {
  const snapshot = await snapshotForDatabase(client, original, live)
  const promised = promisedCatalogAt(snapshot, revisions)
  const { differences } = compareInScope(promised, live, scope, keys)
  if (differences.length === 0) return { differences, canonicalizeFailures: {} }
  const canonicalized = await canonicalizeDifferences(
    client,
    { promised, live, majors: { expected: snapshot.postgres, actual: major }, differences },
    transactional ? 'callers' : 'own',
  )
  return {
    differences: compareInScope(promised, canonicalized.live, scope, keys).differences,
    canonicalizeFailures: canonicalized.canonicalizeFailures,
  }
}
