import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Snapshot, snapshotFormat, type SnapshotRevision } from '../core/model/snapshot.js'
import { upgradeSnapshot } from '../core/model/snapshot-formats.js'
import { isRecord } from '../core/text/is-record.js'
import { errorMessage } from '../core/text/redact.js'
import { finishSteps, type Steps } from '../core/text/steps.js'
import { SchemaError } from '../errors/schema-error.js'
import { hasConflictMarkers } from './conflict-markers.js'
import { type ParsedSnapshot, parseInSteps } from './parse-in-steps.js'
import { isCatalog } from './shape.js'

/** Beside the migrations; Knex's loader ignores it. */
export const snapshotFileName = 'schema.snapshot.json'

/**
 * Reads the snapshot of a migrations folder, null where there is none. Throws SCHEMA_SNAPSHOT_INVALID.
 *
 * @param directory the migrations folder
 */
export async function loadSnapshot(directory: string): Promise<Snapshot | null> {
  const text = await readSnapshotText(directory)
  return text === null ? null : parseSnapshot(text, join(directory, snapshotFileName))
}

/** The text of the snapshot of a migrations folder, null where there is none. */
export async function readSnapshotText(directory: string): Promise<string | null> {
  return readFile(join(directory, snapshotFileName), 'utf8').catch((error: unknown) => {
    if (isRecord(error) && error['code'] === 'ENOENT') return null
    throw error
  })
}

/** Writes the snapshot of a migrations folder, and returns the file's path. */
export async function saveSnapshot(directory: string, snapshot: Snapshot): Promise<string> {
  const file = join(directory, snapshotFileName)
  await writeSnapshot(file, snapshot)
  return file
}

/** Writes a snapshot to a file, whole or not at all. */
export async function writeSnapshot(file: string, snapshot: Snapshot): Promise<void> {
  const unfinished = `${file}.${process.pid}.tmp`
  try {
    await writeFile(unfinished, formatSnapshot(snapshot))
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/** The file's text: one block a revision, one line an object, so that a diff shows what a revision promises. */
export function formatSnapshot({ postgres, base, revisions }: Snapshot): string {
  const blocks = revisions.map(formatRevision)
  return [
    '{',
    `  "schemagate": ${snapshotFormat},`,
    `  "postgres": ${postgres},`,
    `  "base": ${formatObjects(base, '  ')},`,
    `  "revisions": [`,
    blocks.join(',\n'),
    '  ]',
    '}',
    '',
  ].join('\n')
}

function formatRevision({ revision, file, checksum, changes, undetermined, rows }: SnapshotRevision): string {
  const lines = [
    `      "revision": ${JSON.stringify(revision)}`,
    `      "file": ${JSON.stringify(file)}`,
    `      "checksum": ${JSON.stringify(checksum)}`,
    `      "changes": ${formatObjects(changes, '      ')}`,
    ...(undetermined === undefined ? [] : [`      "undetermined": ${formatObjects(undetermined, '      ')}`]),
    ...(rows === undefined ? [] : [`      "rows": ${JSON.stringify(rows)}`]),
  ]
  return `    {\n${lines.join(',\n')}\n    }`
}

function formatObjects(objects: Readonly<Record<string, unknown>>, indent: string): string {
  const lines = Object.entries(objects).map(
    ([key, value]) => `${indent}  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  )
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`
}

/** The snapshot of a text; `file` is said to be that of an invalid one. Throws SCHEMA_SNAPSHOT_INVALID. */
export function parseSnapshot(text: string, file: string): Snapshot {
  return finishSteps(parseSnapshotInSteps(text, file))
}

/** The same in steps, for a process that serves. */
export function* parseSnapshotInSteps(text: string, file: string): Steps<Snapshot> {
  if (hasConflictMarkers(text)) throw invalidSnapshotError(file, 'it has the conflict markers of a merge')
  const { around, revisions } = yield* parseText(text, file)
  const format = isRecord(around) ? around['schemagate'] : undefined
  if (!isRecord(around) || (format !== snapshotFormat && format !== 2))
    throw invalidSnapshotError(
      file,
      `it is not of format ${snapshotFormat}: another version of schemagate wrote it`,
    )
  const { postgres, base } = around
  if (typeof postgres !== 'number' || !isCatalog(base) || revisions === null)
    throw invalidSnapshotError(file, 'it was changed by hand or is not whole')
  const snapshot = { postgres, base, revisions }
  return format === 2 ? upgradeSnapshot(snapshot) : snapshot
}

function* parseText(text: string, file: string): Steps<ParsedSnapshot> {
  try {
    return yield* parseInSteps(text)
  } catch (error) {
    throw invalidSnapshotError(file, errorMessage(error))
  }
}

function invalidSnapshotError(file: string, why: string): SchemaError {
  return new SchemaError('SCHEMA_SNAPSHOT_INVALID', {
    what: `The snapshot cannot be read: ${why}. Nothing was verified.`,
    facts: [['file', file]],
    choices: [['schemagate snapshot', 'makes it again from the migrations']],
  })
}
