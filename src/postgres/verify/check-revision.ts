import type pg from 'pg'
import { type Catalog, parseKey } from '../../core/model/catalog.js'
import type { ObservedStatements } from '../../core/model/observed-statements.js'
import type { Difference } from '../../core/model/diff.js'
import { extensionCatalogsOf } from '../../core/model/extension-moves.js'
import { createPromiseLookup } from './promise-lookup.js'
import { compareInScope, type Scope } from '../../core/model/scope.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { DeclaredChanges } from '../../project/load-migration.js'
import type { QueryResult } from '../connection/query.js'
import type { ComposedRead } from '../introspect/prepared-statements.js'
import { ledgerTablesOf, type ReadOptions } from '../introspect/read-catalog.js'
import { composeNamedRead } from '../introspect/read-named.js'
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
  /** The search_path that it has left behind, null where it left that of the session. */
  readonly leftSearchPath: string | null
  /** What it says it changes instead of the catalog. */
  readonly declared: DeclaredChanges | null
  /** The catalog as the revision's own transaction sees it, without the ledgers. */
  readonly read: (options?: Omit<ReadOptions, 'ledgerTables'>) => Promise<Catalog>
}

/** Begins to look at a revision, by its name, whose `up` runs with this client. */
export type RevisionCheck = (revision: string, client: pg.ClientBase) => PlannedCheck

/** How one revision is looked at before its commit. */
export interface PlannedCheck {
  /**
   * Statements that read in the transaction of the revision, for the message that settles its session; null for none. Called
   * once, when the `up` has run. A revision outside a transaction has no such message.
   */
  readonly compose: () => string | null
  /** What it throws rolls the revision back. `results` are those of the statements, null where they were not run. */
  readonly check: (uncommitted: UncommittedRevision, results: readonly QueryResult[] | null) => Promise<void>
}

/**
 * Verifies that the objects a revision changes are what the snapshot promises. Differences in other objects, and what is out
 * of scope, are not its business. Reads only these objects while they are as promised. Throws SCHEMA_PROMISE_BROKEN. Without
 * a snapshot nothing is promised, and nothing is checked.
 */
export function createRevisionCheck({ snapshot, scope, project }: CheckedTarget): RevisionCheck {
  const lookUp = createPromiseLookup()
  return (revision, client) => {
    const keys = changedKeys(snapshot, revision)
    if (snapshot === null || keys.length === 0) return uncheckedRevision
    const options = { ...readOptionsFor(keys, scope, snapshot), keys }
    let read: ComposedRead<Catalog> | null = null
    const compose = (): string => {
      read = composeNamedRead(client, { ...ledgerTablesOf(project), ...options })
      return read.text
    }
    const check: PlannedCheck['check'] = async (uncommitted, results) => {
      const live =
        results === null || read === null ? await uncommitted.read(options) : await read.parse(results)
      const isAsMade = (await snapshotForDatabase(client, snapshot, live)) === snapshot
      const promised = lookUp(snapshot, uncommitted.recorded, keys)
      if (isAsMade && compareInScope(promised, live, scope, keys).differences.length === 0) return
      await compareRevision(uncommitted, snapshot, scope)
    }
    return { compose, check }
  }
}

/** The promise, what is compared of it, and the tables that are not. */
interface CheckedTarget {
  readonly snapshot: Snapshot | null
  readonly scope: Scope
  readonly project: { readonly tableName: string }
}

const uncheckedRevision: PlannedCheck = { compose: () => null, check: async () => {} }

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
