import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MigrationChecksum, Snapshot } from '../core/model/snapshot.js'
import { checksumOf, type Migration } from '../project/migration-files.js'
import type { ProjectWorkspace } from '../workspace.js'
import { loadSnapshot, snapshotFileName } from './file.js'

/** Where a snapshot is looked for, and for which migrations. */
export type SnapshotLocation = Pick<ProjectWorkspace, 'snapshotDirectory' | 'snapshotFolders' | 'migrations'>

/** A snapshot, where it was found, and the texts that it was made from, as far as they are there. */
export interface FoundSnapshot {
  readonly snapshot: Snapshot
  readonly directory: string
  readonly sources: readonly MigrationChecksum[]
}

/** The first folder with a snapshot, or null: the others are not looked at, whether or not it is up to date. */
export function findSnapshotDirectory({
  snapshotFolders,
}: Pick<SnapshotLocation, 'snapshotFolders'>): string | null {
  return snapshotFolders.find((folder) => existsSync(join(folder, snapshotFileName))) ?? null
}

/** Finds and reads the snapshot. Throws SCHEMA_SNAPSHOT_INVALID. */
export async function findSnapshot(location: SnapshotLocation): Promise<FoundSnapshot | null> {
  const directory = findSnapshotDirectory(location)
  const snapshot = directory === null ? null : await loadSnapshot(directory)
  if (directory === null || snapshot === null) return null
  const { migrations, snapshotDirectory } = location
  const sources =
    directory === snapshotDirectory ? migrations : await readSources(directory, snapshot, migrations)
  return { snapshot, directory, sources }
}

/**
 * Beside the migrations of another folder, the texts of that folder are those it was made from. Where they are not there, as
 * in an image that has compiled files only, nothing is compared but the names.
 */
async function readSources(
  directory: string,
  { revisions }: Snapshot,
  migrations: readonly Migration[],
): Promise<readonly MigrationChecksum[]> {
  const files = new Map(revisions.map(({ revision, file }) => [revision, file]))
  return Promise.all(
    migrations.map(async ({ revision }) => {
      const file = files.get(revision) ?? null
      const text = file === null ? null : await readFile(join(directory, file), 'utf8').catch(() => null)
      return text === null
        ? { revision, file: null, checksum: null }
        : { revision, file, checksum: checksumOf(text) }
    }),
  )
}
