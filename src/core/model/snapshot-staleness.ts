import type { Snapshot } from './snapshot.js'

/** A migration as the snapshot remembers it: its revision, file name and checksum of the text. */
export interface MigrationChecksum {
  readonly revision: string
  readonly file: string | null
  readonly checksum: string | null
}

/** Why a snapshot is not the one of these migrations. */
export type StaleRevision =
  | { readonly why: 'new' | 'removed' | 'edited'; readonly revision: string }
  | { readonly why: 'reordered'; readonly revision: string }

/**
 * Compares the snapshot with the migrations of this build; empty when it was made from them.
 * Texts are compared only between files of the same name: a `.js` built from the `.ts` that was replayed has another text.
 */
export function findStaleRevisions(
  snapshot: Snapshot,
  sources: readonly MigrationChecksum[],
): readonly StaleRevision[] {
  const remembered = new Map(snapshot.revisions.map((entry) => [entry.revision, entry]))
  const present = new Set(sources.map(({ revision }) => revision))
  const removed = snapshot.revisions.filter(({ revision }) => !present.has(revision))
  const found = sources.flatMap((source) => compareChecksum(source, remembered.get(source.revision)))
  const stale = [...found, ...removed.map(({ revision }): StaleRevision => ({ why: 'removed', revision }))]
  return stale.some(({ why }) => why !== 'edited')
    ? stale
    : [...stale, ...findReorderedRevision(snapshot, sources)]
}

function compareChecksum(
  source: MigrationChecksum,
  remembered: MigrationChecksum | undefined,
): readonly StaleRevision[] {
  if (remembered === undefined) return [{ why: 'new', revision: source.revision }]
  const comparable = remembered.file === source.file && remembered.checksum !== null
  return comparable && remembered.checksum !== source.checksum
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
