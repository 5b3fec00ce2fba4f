import { type StaleRevision, findStaleRevisions } from '../core/model/snapshot-staleness.js'
import type { Snapshot } from '../core/model/snapshot.js'
import { formatCount, shortenList } from '../core/text/format.js'
import { SchemaError } from '../errors/schema-error.js'
import { findSnapshot, findSnapshotDirectory, type FoundSnapshot, type SnapshotLocation } from './find.js'

/** A snapshot, and why it cannot be used: empty where it can. */
export interface UsableSnapshot {
  /** Null where there is none or it is stale. */
  readonly snapshot: Snapshot | null
  readonly stale: readonly StaleRevision[]
}

/** The snapshot as it is, whatever its age: for commands that only look. Throws SCHEMA_SNAPSHOT_INVALID. */
export async function loadUsableSnapshot(location: SnapshotLocation): Promise<UsableSnapshot> {
  return usableSnapshot(await findSnapshot(location))
}

/** The same of a file that was found; null where none was. */
export function usableSnapshot(found: FoundSnapshot | null): UsableSnapshot {
  if (found === null) return { snapshot: null, stale: [] }
  const snapshot = found.parse()
  const stale = findStaleRevisions(snapshot, found.sources)
  return { snapshot: stale.length === 0 ? snapshot : null, stale }
}

const staleReasons: Readonly<Record<StaleRevision['why'], string>> = {
  new: 'not in the snapshot',
  removed: 'in the snapshot, no longer in the folder',
  edited: 'edited since the snapshot was made',
  reordered: 'at another place than in the snapshot',
}

/** One line for each reason a snapshot is stale. */
export function describeStale(stale: readonly StaleRevision[]): readonly string[] {
  return stale.map(({ revision, why }) => `${revision}  ${staleReasons[why]}`)
}

/** Why there is no promise to go by: the snapshot is stale, or, without a reason for that, there is none. */
export function staleSnapshotError(
  location: Pick<SnapshotLocation, 'snapshotFolders'>,
  stale: readonly StaleRevision[],
): SchemaError {
  const directory = findSnapshotDirectory(location)
  return new SchemaError('SCHEMA_SNAPSHOT_STALE', {
    what:
      stale.length === 0
        ? 'There is no snapshot of these migrations yet. Nothing was verified or migrated.'
        : `The snapshot was not made from these migrations: it differs in ${formatCount(stale.length, 'revision')}. Nothing was verified or migrated.`,
    facts: [
      directory === null
        ? (['looked in', location.snapshotFolders] as const)
        : (['folder', directory] as const),
      ...(stale.length === 0 ? [] : [['stale', shortenList(describeStale(stale))] as const]),
    ],
    choices: [['schemagate snapshot', 'makes it again; commit it with the migrations']],
  })
}

/** The error of a command that needs a snapshot of so many revisions, and writes something. */
export function missingSnapshotError(
  { snapshotFolders }: Pick<SnapshotLocation, 'snapshotFolders'>,
  revisions: number,
): SchemaError {
  return new SchemaError('SCHEMA_SNAPSHOT_STALE', {
    what: `There is no snapshot yet for ${formatCount(revisions, 'revision')}. Nothing was written.`,
    facts: [['looked in', snapshotFolders]],
    choices: [['schemagate snapshot', 'makes it; commit it with the migrations']],
  })
}
