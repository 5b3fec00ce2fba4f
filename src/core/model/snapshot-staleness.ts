import type { MigrationChecksum, Snapshot } from './snapshot.js'

/** A revision because of which a snapshot is not that of these migrations. */
export interface StaleRevision {
  readonly revision: string
  readonly why: 'new' | 'removed' | 'edited' | 'reordered'
}

/**
 * Compares the snapshot with the migrations of this build; empty if it was made from them. Texts are compared only between
 * files of the same name: a `.js` that was built from the replayed `.ts` has a different text.
 */
export function findStaleRevisions(
  snapshot: Snapshot,
  sources: readonly MigrationChecksum[],
): readonly StaleRevision[] {
  const recorded = new Map(snapshot.revisions.map((entry) => [entry.revision, entry]))
  const present = new Set(sources.map(({ revision }) => revision))
  const removed = snapshot.revisions.filter(({ revision }) => !present.has(revision))
  const found = sources.flatMap((source) => compareChecksum(source, recorded.get(source.revision)))
  const stale = [...found, ...removed.map(({ revision }): StaleRevision => ({ why: 'removed', revision }))]
  return stale.some(({ why }) => why !== 'edited')
    ? stale
    : [...stale, ...findReorderedRevision(snapshot, sources)]
}

function compareChecksum(
  source: MigrationChecksum,
  recorded: MigrationChecksum | undefined,
): readonly StaleRevision[] {
  if (recorded === undefined) return [{ why: 'new', revision: source.revision }]
  const isComparable = recorded.file === source.file && recorded.checksum !== null
  return isComparable && recorded.checksum !== source.checksum
    ? [{ why: 'edited', revision: source.revision }]
    : []
}

function findReorderedRevision(
  snapshot: Snapshot,
  sources: readonly MigrationChecksum[],
): readonly StaleRevision[] {
  const moved = sources.find(({ revision }, index) => snapshot.revisions[index]?.revision !== revision)
  return moved === undefined ? [] : [{ why: 'reordered', revision: moved.revision }]
}
