import {
  emptyPromise,
  foldRevision,
  pickKeys,
  type PromiseInFolding,
  type PromisedCatalog,
  type Snapshot,
} from '../../core/model/snapshot.js'

interface Fold {
  readonly snapshot: Snapshot
  /** Where each revision of the snapshot stands. */
  readonly positions: ReadonlyMap<string, number>
  /** The revisions that are folded, as they were given. */
  readonly revisions: readonly string[]
  /** The position of the last of them; -1 for none. */
  readonly last: number
  readonly promised: PromiseInFolding
}

/** Says what a snapshot promises of some objects at some revisions. */
export type PromiseLookup = (
  snapshot: Snapshot,
  revisions: readonly string[],
  keys: readonly string[],
) => PromisedCatalog

/**
 * A lookup that folds each revision once while the lists of revisions grow at their ends, as they do in a run of migrations;
 * otherwise from the beginning. What it returns is true until the next call.
 */
export function createPromiseLookup(): PromiseLookup {
  let fold: Fold | null = null
  return (snapshot, revisions, keys) => {
    fold = continueFold(fold, snapshot, revisions) ?? startFold(snapshot, revisions)
    return { ...fold.promised, catalog: pickKeys(fold.promised.catalog, keys) }
  }
}

/** Null where it does not go on: another snapshot, other revisions, or one that stands before the last. */
function continueFold(fold: Fold | null, snapshot: Snapshot, revisions: readonly string[]): Fold | null {
  if (fold?.snapshot !== snapshot) return null
  if (!fold.revisions.every((revision, index) => revision === revisions[index])) return null
  const added = revisions.slice(fold.revisions.length)
  const positions = positionsOf(added, fold.positions)
  return (positions[0] ?? Infinity) > fold.last ? extendFold({ ...fold, revisions }, positions) : null
}

function startFold(snapshot: Snapshot, revisions: readonly string[]): Fold {
  const positions = new Map(snapshot.revisions.map(({ revision }, index) => [revision, index]))
  const start = { snapshot, positions, revisions, last: -1, promised: emptyPromise(snapshot) }
  return extendFold(start, positionsOf(revisions, positions))
}

function extendFold(fold: Fold, positions: readonly number[]): Fold {
  for (const position of positions) {
    const revision = fold.snapshot.revisions[position]
    if (revision !== undefined) foldRevision(fold.promised, revision)
  }
  return { ...fold, last: positions.at(-1) ?? fold.last }
}

function positionsOf(
  revisions: readonly string[],
  positions: ReadonlyMap<string, number>,
): readonly number[] {
  return [...new Set(revisions)]
    .flatMap((revision) => positions.get(revision) ?? [])
    .sort((one, other) => one - other)
}
