import { readFile } from 'node:fs/promises'
import { mergeSnapshots } from '../core/model/snapshot-merge.js'
import { shortenList } from '../core/text/format.js'
import { SchemaError } from '../errors/schema-error.js'
import { parseSnapshot, writeSnapshot } from './file.js'

/** The files that git gives to a merge driver. */
export interface MergedFiles {
  /** The version of the commit where the branches parted; empty where there was none. */
  readonly base: string
  /** The result is written to this one. */
  readonly ours: string
  readonly theirs: string
}

/**
 * Merges the snapshots of two branches without a database and returns how many revisions there are then. Throws
 * SCHEMA_SNAPSHOT_STALE, and writes nothing, where only a replay can tell what the merged migrations do.
 */
export async function mergeSnapshotFiles({ base, ours, theirs }: MergedFiles): Promise<number> {
  const read = async (file: string) => parseSnapshot(await readFile(file, 'utf8'), file)
  const baseText = await readFile(base, 'utf8')
  const merge = mergeSnapshots({
    base: baseText === '' ? null : parseSnapshot(baseText, base),
    ours: await read(ours),
    theirs: await read(theirs),
  })
  if (merge.status === 'conflict') throw conflictError(merge.reasons)
  await writeSnapshot(ours, merge.snapshot)
  return merge.snapshot.revisions.length
}

function conflictError(reasons: readonly string[]): SchemaError {
  return new SchemaError('SCHEMA_SNAPSHOT_STALE', {
    what: 'Only a replay can tell what the migrations of both branches do together. The snapshot was left as it was in this branch.',
    facts: [['because', shortenList(reasons)]],
    choices: [['schemagate snapshot', 'makes it from the merged migrations; then git add and go on']],
  })
}
