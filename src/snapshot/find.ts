import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MigrationChecksum, Snapshot } from '../core/model/snapshot.js'
import { finishSteps } from '../core/text/steps.js'
import { runInTurns } from '../postgres/connection/run-in-turns.js'
import { checksumOf, type Migration } from '../project/migration-files.js'
import { parseSnapshotInSteps, readSnapshotText, snapshotFileName } from './file.js'

/** Where a snapshot is looked for, and for which migrations. */
export interface SnapshotLocation {
  /** Where it is written. */
  readonly snapshotDirectory: string
  /** Where it is looked for, one folder after the other. */
  readonly snapshotFolders: readonly string[]
  readonly migrations: readonly Migration[]
}

/** The file of a snapshot, where it was found, and the texts that it was made from, as far as they are there. */
export interface FoundSnapshot {
  readonly directory: string
  readonly text: string
  /** Parses the text, once. Throws SCHEMA_SNAPSHOT_INVALID. */
  readonly parse: () => Snapshot
  /** Does so while others have their turns: `parse` then returns at once. */
  readonly parseInTurns: () => Promise<void>
  readonly sources: readonly MigrationChecksum[]
}

/** The first folder with a snapshot, or null: the others are not looked at, whether or not it is up to date. */
export function findSnapshotDirectory({
  snapshotFolders,
}: Pick<SnapshotLocation, 'snapshotFolders'>): string | null {
  return snapshotFolders.find((folder) => existsSync(join(folder, snapshotFileName))) ?? null
}

/** Finds and reads the file of the snapshot. Throws SCHEMA_SNAPSHOT_INVALID where it has to be parsed to know its sources. */
export async function findSnapshot(location: SnapshotLocation): Promise<FoundSnapshot | null> {
  const directory = findSnapshotDirectory(location)
  const text = directory === null ? null : await readSnapshotText(directory)
  if (directory === null || text === null) return null
  const { migrations, snapshotDirectory } = location
  const { parse, parseInTurns } = parseOnce(text, join(directory, snapshotFileName))
  const sources =
    directory === snapshotDirectory ? migrations : await readSources(directory, parse(), migrations)
  return { directory, text, parse, parseInTurns, sources }
}

function parseOnce(text: string, file: string): Pick<FoundSnapshot, 'parse' | 'parseInTurns'> {
  let parsed: Snapshot | null = null
  return {
    parse: () => (parsed ??= finishSteps(parseSnapshotInSteps(text, file))),
    parseInTurns: async () => {
      parsed ??= await runInTurns(parseSnapshotInSteps(text, file))
    },
  }
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
