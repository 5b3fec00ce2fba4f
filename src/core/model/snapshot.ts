import { type Catalog, createCatalogBuilder, type Facts, keysOf, sameFacts, sortKeys } from './catalog.js'
import { diff, type Difference, diffInSteps, type UndeterminedFacts } from './diff.js'
import { finishSteps, forEachInSteps, type Steps } from '../text/steps.js'

/** A snapshot of a different format has different facts of the catalog. 2 can be read as well. */
export const snapshotFormat = 3

/** What a revision changes in the catalog, by object key: the facts after it, null if the object is gone. */
export type Changes = Readonly<Record<string, Facts | null>>

/** The text of a migration, by which an edited or renamed one is recognised. */
export interface MigrationChecksum {
  readonly revision: string
  /** The name of its file; null for a custom migration source without files. */
  readonly file: string | null
  readonly checksum: string | null
}

export interface SnapshotRevision extends MigrationChecksum {
  readonly changes: Changes
  readonly undetermined?: UndeterminedFacts
  /** The keys of the tables that it wrote rows into. Always there where it changes nothing, but not in files of an earlier version. */
  readonly rows?: readonly string[]
}

/** The promise: the history of the catalog when the whole folder is replayed into a scratch database. */
export interface Snapshot {
  /** The major version of the PostgreSQL it was replayed on. */
  readonly postgres: number
  /** What the scratch database held before the first revision: neither promised nor unexpected. */
  readonly base: Catalog
  readonly revisions: readonly SnapshotRevision[]
  /** The format of its file, where that is an earlier one. */
  readonly format?: 2
  /** The snapshot as its file has it, where this one names extensions in the schemas of a database. */
  readonly original?: Snapshot
}

/** The names of its revisions, in order. */
export function revisionsOf({ revisions }: Pick<Snapshot, 'revisions'>): readonly string[] {
  return revisions.map(({ revision }) => revision)
}

/** What a snapshot promises at some revisions. */
export interface PromisedCatalog {
  readonly catalog: Catalog
  readonly undetermined: UndeterminedFacts
  /** Objects of the base that no revision changed. They may exist or not. */
  readonly tolerated: ReadonlySet<string>
}

/** What is promised so far, to be folded further. */
export interface PromiseInFolding {
  readonly catalog: Record<string, Facts>
  readonly undetermined: Record<string, readonly string[]>
  readonly tolerated: Set<string>
}

/** What is promised before the first revision. */
export function emptyPromise({ base }: Snapshot): PromiseInFolding {
  return { catalog: {}, undetermined: {}, tolerated: new Set(Object.keys(base)) }
}

/** Adds to a promise what the revision after it changes. */
export function foldRevision(
  { catalog, undetermined, tolerated }: PromiseInFolding,
  revision: SnapshotRevision,
): void {
  for (const [key, facts] of Object.entries(revision.changes)) {
    tolerated.delete(key)
    delete undetermined[key]
    if (facts === null) delete catalog[key]
    else catalog[key] = facts
  }
  Object.assign(undetermined, revision.undetermined)
}

/** Folds the changes of the given revisions, in the snapshot's order. A revision the snapshot lacks adds nothing. */
export function promisedCatalogAt(snapshot: Snapshot, revisions: Iterable<string>): PromisedCatalog {
  return finishSteps(foldInSteps(snapshot, revisions))
}

/** The same in steps. */
export function* foldInSteps(snapshot: Snapshot, revisions: Iterable<string>): Steps<PromisedCatalog> {
  const wanted = new Set(revisions)
  const promised = emptyPromise(snapshot)
  for (const revision of snapshot.revisions) {
    if (!wanted.has(revision.revision)) continue
    foldRevision(promised, revision)
    yield
  }
  return promised
}

/** The promised catalog at some revisions, with the objects of an empty database. */
export function fullCatalogAt(snapshot: Snapshot, revisions: Iterable<string>): Catalog {
  return withBase(promisedCatalogAt(snapshot, revisions), snapshot)
}

/** A promised catalog with the objects of an empty database. */
export function withBase({ catalog, tolerated }: PromisedCatalog, { base }: Snapshot): Catalog {
  return { ...pickKeys(base, tolerated), ...catalog }
}

/** What a revision changes, and which of these objects existed before it. */
export interface RevisionChanges {
  readonly changes: Changes
  readonly existing: ReadonlySet<string>
}

/** Null if the snapshot lacks the revision. */
export function changesOf(snapshot: Snapshot, revision: string): RevisionChanges | null {
  const found = changesByRevision.get(snapshot) ?? collectChanges(snapshot)
  changesByRevision.set(snapshot, found)
  return found.get(revision) ?? null
}

/** Of each revision of a snapshot: they are asked for one after the other. */
const changesByRevision = new WeakMap<Snapshot, ReadonlyMap<string, RevisionChanges>>()

function collectChanges({ base, revisions }: Snapshot): ReadonlyMap<string, RevisionChanges> {
  const present = new Set(Object.keys(base))
  const collected = new Map<string, RevisionChanges>()
  for (const { revision, changes } of revisions) {
    const existing = new Set(Object.keys(changes).filter((key) => present.has(key)))
    collected.set(revision, { changes, existing })
    for (const [key, facts] of Object.entries(changes))
      if (facts === null) present.delete(key)
      else present.add(key)
  }
  return collected
}

/** Compares the live catalog with the promise. */
export function diffAgainstPromise(promised: PromisedCatalog, live: Catalog): readonly Difference[] {
  return finishSteps(diffAgainstPromiseInSteps(promised, live))
}

/** The same in steps. */
export function* diffAgainstPromiseInSteps(
  { catalog, undetermined, tolerated }: PromisedCatalog,
  live: Catalog,
): Steps<readonly Difference[]> {
  const found = yield* diffInSteps(catalog, live, undetermined)
  return found.filter(({ key }) => !tolerated.has(key))
}

/** Compares only the objects of the given keys. */
export function diffKeysAgainstPromise(
  promised: PromisedCatalog,
  live: Catalog,
  keys: readonly string[],
): readonly Difference[] {
  return diff(pickKeys(promised.catalog, keys), pickKeys(live, keys), promised.undetermined)
}

/** What changed from one catalog to the next. */
export function changesBetween(before: Catalog, after: Catalog): Changes {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  const changed = [...keys].filter((key) => !isSame(before[key], after[key]))
  return Object.fromEntries(sortKeys(changed).map((key) => [key, after[key] ?? null]))
}

/** Whether two revisions change the same objects to the same facts. */
export function sameChanges(one: Changes, other: Changes): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].every((key) => {
    const [was, is] = [one[key], other[key]]
    return (
      was !== undefined && is !== undefined && (was === null || is === null ? was === is : sameFacts(was, is))
    )
  })
}

function isSame(was: Facts | undefined, is: Facts | undefined): boolean {
  return was !== undefined && is !== undefined && sameFacts(was, is)
}

/**
 * The changes of one revision by two replays: the values of the first, and the names of the facts that differ. These are
 * not determined: any value of them serves to build a database, and they are never compared. A change that the second
 * replay lacks is left out.
 */
export function mergeReplays(
  first: Changes,
  second: Changes,
): { readonly changes: Changes; readonly undetermined?: UndeterminedFacts } {
  const changes: Record<string, Facts | null> = {}
  const undetermined: Record<string, readonly string[]> = {}
  for (const [key, facts] of Object.entries(first)) {
    const repeated = second[key]
    if (repeated === undefined) continue
    const names = facts === null || repeated === null ? [] : namesOfDifferingFacts(facts, repeated)
    changes[key] = facts
    if (names.length > 0) undetermined[key] = names
  }
  return Object.keys(undetermined).length === 0 ? { changes } : { changes, undetermined }
}

function namesOfDifferingFacts(one: Facts, other: Facts): readonly string[] {
  return diff({ object: one }, { object: other }).flatMap((found) =>
    found.change === 'changed' ? found.facts : [],
  )
}

/** A new snapshot with an earlier one's values of facts that are not determined, so that they do not change in its file. */
export function reuseUndeterminedValues(fresh: Snapshot, earlier: Snapshot | null): Snapshot {
  const before = new Map(earlier?.revisions.map((revision) => [revision.revision, revision.changes]))
  return {
    ...fresh,
    revisions: fresh.revisions.map((revision) => ({
      ...revision,
      changes: withEarlierValues(revision, before.get(revision.revision) ?? {}),
    })),
  }
}

function withEarlierValues({ changes, undetermined = {} }: SnapshotRevision, earlier: Changes): Changes {
  const merged: Record<string, Facts | null> = { ...changes }
  for (const [key, names] of Object.entries(undetermined))
    for (const name of names) {
      const [facts, value] = [merged[key], earlier[key]?.[name]]
      if (facts && value !== undefined) merged[key] = { ...facts, [name]: value }
    }
  return merged
}

/** The objects of a catalog with these keys. */
export function pickKeys(catalog: Catalog, keys: Iterable<string>): Catalog {
  const picked: Record<string, Facts> = {}
  for (const key of keys) if (catalog[key] !== undefined) picked[key] = catalog[key]
  return picked
}

/** A catalog in which some objects have other facts, or are left out where null is given. */
export function* replaceInSteps(
  catalog: Catalog,
  replaced: Readonly<Record<string, Facts | null>>,
): Steps<Catalog> {
  const { set, build } = createCatalogBuilder()
  yield* forEachInSteps(keysOf(catalog), (key) => {
    const facts = replaced[key] === undefined ? catalog[key] : replaced[key]
    if (facts) set(key, facts)
  })
  return build()
}
