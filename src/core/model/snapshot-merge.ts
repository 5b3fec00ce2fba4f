import { changesOfEntries, findDependence } from './branch-changes.js'
import { type BranchEntry, findUnclearPositions, renumberColumns } from './column-positions.js'
import type { Snapshot, SnapshotRevision } from './snapshot.js'

/** The snapshots of two branches, and that of the commit where they parted; null where there was none. */
export interface SnapshotVersions {
  readonly base: Snapshot | null
  readonly ours: Snapshot
  readonly theirs: Snapshot
}

export type SnapshotMerge =
  | { readonly status: 'merged'; readonly snapshot: Snapshot }
  /** Only a replay can tell what the merged migrations do. One line for each reason. */
  | { readonly status: 'conflict'; readonly reasons: readonly string[] }

/**
 * Merges the snapshots of two branches that have added revisions, where it is certain what a replay of the merged migrations
 * gives: neither changes what the other changes or needs.
 */
export function mergeSnapshots(versions: SnapshotVersions): SnapshotMerge {
  const { base, ours, theirs } = versions
  const [before, own, other] = [entriesOf(base), entriesOf(ours), entriesOf(theirs)]
  const isShared = ({ revision }: SnapshotRevision): boolean => own.has(revision) && other.has(revision)
  const changes = {
    ours: changesOfEntries(ours, (entry) => !isShared(entry)),
    theirs: changesOfEntries(theirs, (entry) => !isShared(entry)),
  }
  const reasons = [
    ...compareFrames(versions),
    ...findRemoved(versions, isShared),
    ...findReordered(versions, isShared),
    ...findChangedPromises(versions, other),
    ...findDependence(changes.ours, changes.theirs),
    ...findUnclearPositions(changes),
  ]
  if (reasons.length > 0) return { status: 'conflict', reasons }
  const merged = (entry: SnapshotRevision): SnapshotRevision => {
    const theirs = other.get(entry.revision) ?? entry
    return sameText(entry, before.get(entry.revision)) ? theirs : entry
  }
  const entries = interleave(ours.revisions, theirs.revisions, isShared)
  const revisions = renumberColumns(
    entries.map(({ branch, entry }) => ({ branch, entry: branch === 'both' ? merged(entry) : entry })),
    changes,
  )
  return { status: 'merged', snapshot: { ...ours, revisions } }
}

type IsShared = (entry: SnapshotRevision) => boolean

function entriesOf(snapshot: Snapshot | null): ReadonlyMap<string, SnapshotRevision> {
  return new Map(snapshot?.revisions.map((entry) => [entry.revision, entry]))
}

function sameText(one: SnapshotRevision, other: SnapshotRevision | undefined): boolean {
  return one.file === other?.file && one.checksum === other?.checksum
}

function compareFrames({ ours, theirs }: SnapshotVersions): readonly string[] {
  return [
    ...(ours.format === undefined && theirs.format === undefined
      ? []
      : ['an earlier version of schemagate wrote one of them']),
    ...(ours.postgres === theirs.postgres
      ? []
      : [`one was made on PostgreSQL ${ours.postgres}, one on ${theirs.postgres}`]),
    ...(JSON.stringify(ours.base) === JSON.stringify(theirs.base)
      ? []
      : ['they were made in different empty databases']),
  ]
}

function findRemoved({ base, ours, theirs }: SnapshotVersions, isShared: IsShared): readonly string[] {
  const before = entriesOf(base)
  return [...ours.revisions, ...theirs.revisions]
    .filter((entry) => !isShared(entry) && before.has(entry.revision))
    .map(({ revision }) => `one branch has removed ${revision}`)
}

function findReordered({ ours, theirs }: SnapshotVersions, isShared: IsShared): readonly string[] {
  const shared = theirs.revisions.filter(isShared)
  const moved = ours.revisions
    .filter(isShared)
    .find(({ revision }, index) => shared[index]?.revision !== revision)
  return moved === undefined ? [] : [`${moved.revision} is at different places`]
}

/** A revision of both has to promise the same, and at most one of them may have another text of it. */
function findChangedPromises(
  { base, ours }: SnapshotVersions,
  other: ReadonlyMap<string, SnapshotRevision>,
): readonly string[] {
  const before = entriesOf(base)
  return ours.revisions.flatMap((entry) => {
    const theirs = other.get(entry.revision)
    if (theirs === undefined) return []
    const [was, promise] = [before.get(entry.revision), promiseOf(entry)]
    if (promise !== promiseOf(theirs)) return [`${entry.revision} does not promise the same`]
    const isEdited = !sameText(entry, was) && !sameText(theirs, was) && !sameText(entry, theirs)
    return isEdited ? [`both have edited ${entry.revision}`] : []
  })
}

function promiseOf({ changes, undetermined }: SnapshotRevision): string {
  return JSON.stringify([changes, undetermined])
}

/** The entries of both in the order of Knex: between those that both have, by the names of their files. */
function interleave(
  ours: readonly SnapshotRevision[],
  theirs: readonly SnapshotRevision[],
  isShared: IsShared,
): readonly BranchEntry[] {
  const merged: BranchEntry[] = []
  for (let at = 0, otherAt = 0; ;) {
    const [entry, other] = [ours[at], theirs[otherAt]]
    if (entry === undefined && other === undefined) return merged
    if (entry !== undefined && other !== undefined && isShared(entry) && isShared(other)) {
      merged.push({ branch: 'both', entry })
      at += 1
      otherAt += 1
    } else if (entry !== undefined && comesFirst(entry, other, isShared)) {
      merged.push({ branch: 'ours', entry })
      at += 1
    } else if (other !== undefined) {
      merged.push({ branch: 'theirs', entry: other })
      otherAt += 1
    }
  }
}

function comesFirst(
  entry: SnapshotRevision,
  other: SnapshotRevision | undefined,
  isShared: IsShared,
): boolean {
  if (other === undefined || isShared(other)) return true
  return !isShared(entry) && nameOf(entry) < nameOf(other)
}

function nameOf({ file, revision }: SnapshotRevision): string {
  return file ?? revision
}
