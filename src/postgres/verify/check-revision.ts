import type pg from 'pg'
import { type Catalog, parseKey } from '../../core/model/catalog.js'
import type { ObservedStatements } from '../../core/model/observed-statements.js'
import type { Difference } from '../../core/model/diff.js'
import { extensionCatalogsOf } from '../../core/model/extension-moves.js'
import { createPromiseLookup } from './promise-lookup.js'
import { compareInScope, type Scope } from '../../core/model/scope.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { DeclaredChanges } from '../../project/load-migration.js'
import type { ReadOptions } from '../introspect/read-catalog.js'
import { compareWithPromise } from './compare-with-promise.js'
import { snapshotForDatabase } from '../introspect/extension-members.js'
import { readOtherSchema } from './other-schema.js'
import { verificationError } from './verification-error.js'

/** A revision whose `up` has run and is not committed yet. */
export interface UncommittedRevision {
  readonly revision: string
  readonly transactional: boolean
  /** All revisions recorded, this one included. */
  readonly recorded: readonly string[]
  readonly client: pg.ClientBase
  /** The major version of the server. */
  readonly major: number
  /** What PostgreSQL reported while it ran. */
  readonly observed: ObservedStatements
  /** What it says it changes instead of the catalog. */
  readonly declared: DeclaredChanges | null
  /** The catalog as the revision's own transaction sees it, without the ledgers. */
  readonly read: (options?: Omit<ReadOptions, 'ledgerTables'>) => Promise<Catalog>
}

/** Looks at a revision before its commit; what it throws rolls the revision back. */
export type RevisionCheck = (revision: UncommittedRevision) => Promise<void>

/**
 * Verifies that the objects a revision changes are what the snapshot promises. Differences in other objects, and what is out
 * of scope, are not its business. Reads only these objects while they are as promised. Throws SCHEMA_PROMISE_BROKEN. Without
 * a snapshot nothing is promised, and nothing is checked.
 */
export function createRevisionCheck(snapshot: Snapshot | null, scope: Scope): RevisionCheck {
  const lookUp = createPromiseLookup()
  return async (uncommitted) => {
    const keys = changedKeys(snapshot, uncommitted.revision)
    if (snapshot === null || keys.length === 0) return
    const live = await uncommitted.read({ ...readOptionsFor(keys, scope, snapshot), keys })
    const isAsMade = (await snapshotForDatabase(uncommitted.client, snapshot, live)) === snapshot
    const promised = lookUp(snapshot, uncommitted.recorded, keys)
    if (isAsMade && compareInScope(promised, live, scope, keys).differences.length === 0) return
    await compareRevision(uncommitted, snapshot, scope)
  }
}

/** Compares with all objects of the kinds that the revision changes: what differs may be in another schema, or be the same. */
async function compareRevision(
  uncommitted: UncommittedRevision,
  snapshot: Snapshot,
  scope: Scope,
): Promise<void> {
  const { revision, transactional, recorded, client } = uncommitted
  const live = await uncommitted.read(readOptionsFor(changedKeys(snapshot, revision), scope, snapshot))
  const keys = changedKeys(await snapshotForDatabase(client, snapshot, live), revision)
  const { differences, canonicalizeFailures } = await compareWithPromise(
    uncommitted,
    { snapshot, revisions: recorded, live },
    scope,
    keys,
  )
  const broken = differences.filter((difference) => !isNameOfNotNull(difference))
  if (broken.length === 0) return
  const otherSchema = await readOtherSchema(client, broken, live)
  throw verificationError({ revision, differences: broken, canonicalizeFailures, transactional }, otherSchema)
}

/** Where the extensions are, says how their types and functions are named. */
function readOptionsFor(
  keys: readonly string[],
  { comments, grants }: Scope,
  snapshot: Snapshot,
): ReadOptions {
  const { original = snapshot } = snapshot
  const kinds = new Set(keys.map((key) => parseKey(key).kind))
  if (extensionCatalogsOf(original).length > 0) kinds.add('extension')
  return { kinds, comments, grants }
}

/** A database that was upgraded from 17 or earlier has lost these names, whatever a revision does now. */
function isNameOfNotNull(difference: Difference): boolean {
  return difference.change === 'changed' && difference.facts.every((fact) => fact === 'notNullName')
}

function changedKeys(snapshot: Snapshot | null, revision: string): readonly string[] {
  return Object.keys(snapshot?.revisions.find((entry) => entry.revision === revision)?.changes ?? {})
}
