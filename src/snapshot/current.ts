import { isAppended } from '../core/history/appended-revisions.js'
import {
  changesOf,
  reuseUndeterminedValues,
  revisionsOf,
  sameChanges,
  type Snapshot,
} from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { isRecord } from '../core/text/is-record.js'
import { once } from '../core/text/once.js'
import { SchemaError } from '../errors/schema-error.js'
import type { ProjectWorkspace, Workspace } from '../workspace.js'
import { type BuildPromise, digestOf } from './build-promise.js'
import { conflictingVersions } from './conflict-markers.js'
import type { EmptyRevision } from './empty-changes.js'
import { parseSnapshot, readSnapshotText, saveSnapshot } from './file.js'
import { findSnapshot, type FoundSnapshot } from './find.js'
import { describeSeparateTransactions } from './separate-transactions.js'
import { staleSnapshotError, usableSnapshot } from './usable.js'

/**
 * The promise that a process starts with. In production a stale snapshot is an error once it is loaded, and a missing one is
 * null: nothing is promised then. In development it is made again at once, which may take long. Throws SCHEMA_SNAPSHOT_STALE,
 * SCHEMA_SNAPSHOT_INVALID.
 */
export async function findPromise(workspace: Workspace, report: ProgressReporter): Promise<BuildPromise> {
  const found = await findSnapshot(workspace)
  const load = once(() => loadOrRefreshSnapshot(workspace, found, report))
  const isFromFile = workspace.config.production || (await load()) === found?.parse()
  return { digest: isFromFile ? digestOf(found, workspace) : null, load }
}

async function loadOrRefreshSnapshot(
  workspace: Workspace,
  found: FoundSnapshot | null,
  report: ProgressReporter,
): Promise<Snapshot | null> {
  await found?.parseInTurns()
  const { snapshot, stale } = usableSnapshot(found)
  if (found !== null && snapshot !== null) {
    if (found.directory !== workspace.snapshotDirectory)
      report({ event: 'snapshot elsewhere', directory: found.directory })
    return snapshot
  }
  if (workspace.config.production) {
    if (found === null) return null
    throw staleSnapshotError(workspace, stale)
  }
  report({ event: 'snapshot stale', stale, missing: found === null })
  return tryRefreshSnapshot(workspace, report)
}

export interface SnapshotOptions {
  /** Takes new revisions that change nothing as they are, and warns. Default: SCHEMA_PROMISE_EMPTY. */
  readonly acceptEmpty?: boolean
  /** Replays all revisions. Default: those alone that were appended to those of the snapshot, where that is sure to do. */
  readonly full?: boolean
}

/**
 * Replays the migrations, or what was appended to them, and writes the snapshot. Returns it with the file's path. What only
 * reads one loads none of it.
 * Throws SCHEMA_PROMISE_EMPTY where a new revision changes nothing and does not say so.
 */
export async function makeSnapshot(
  workspace: ProjectWorkspace,
  report: ProgressReporter,
  { acceptEmpty = false, full = false }: SnapshotOptions = {},
): Promise<{ readonly snapshot: Snapshot; readonly file: string }> {
  const started = performance.now()
  const { project, migrations, snapshotDirectory, signal } = workspace
  const [{ findScratch }, { replay }, { judgeEmptyRevisions }, { findServiceSchemas }] = await Promise.all([
    import('../postgres/scratch/scratch.js'),
    import('./replay.js'),
    import('./judge-empty.js'),
    import('./service-schemas.js'),
  ])
  const scratch = await findScratch(workspace.scratch)
  const { earlier, isMerged } = await loadEarlierSnapshot(snapshotDirectory)
  const serviceSchemas = await findServiceSchemas(workspace, earlier, report)
  const judgeEmpty = (empty: readonly EmptyRevision[]): Promise<void> =>
    judgeEmptyRevisions(empty, { workspace, earlier, acceptEmpty, report })
  const options = { scratch, project, migrations, serviceSchemas, judgeEmpty, report, signal }
  const base = full || isMerged || earlier === null || !isAppended(earlier, migrations) ? null : earlier
  const appended =
    base === null ? null : await (await import('./append.js')).appendToSnapshot(replay, options, base)
  const snapshot = reuseUndeterminedValues(appended ?? (await replay(options)), earlier)
  const file = await saveSnapshot(snapshotDirectory, snapshot)
  reportPromises(snapshot, earlier, report)
  if (workspace.config.migrations.transaction === 'batch')
    for (const text of describeSeparateTransactions(snapshot, earlier)) report({ event: 'note', text })
  const keys = new Set(snapshot.revisions.flatMap(({ changes }) => Object.keys(changes)))
  report({
    event: 'snapshot written',
    file,
    revisions: migrations.length,
    objects: keys.size,
    duration: performance.now() - started,
  })
  return { snapshot, file }
}

interface EarlierSnapshot {
  readonly earlier: Snapshot | null
  /** Whether it is put together from the versions of two branches. */
  readonly isMerged: boolean
}

/** One that cannot be read is replaced like one that is not there; of one in conflict, both versions are known. */
async function loadEarlierSnapshot(directory: string): Promise<EarlierSnapshot> {
  const text = await readSnapshotText(directory)
  if (text === null) return { earlier: null, isMerged: false }
  const versions = new Set(conflictingVersions(text))
  const [first, ...others] = [...versions].flatMap((version) => parseIfValid(version, directory))
  if (first === undefined) return { earlier: null, isMerged: false }
  const known = new Set(revisionsOf(first))
  const more = others.flatMap(({ revisions }) => revisions.filter(({ revision }) => !known.has(revision)))
  const earlier = { ...first, revisions: [...first.revisions, ...more] }
  return { earlier, isMerged: versions.size > 1 }
}

function parseIfValid(text: string, directory: string): readonly Snapshot[] {
  try {
    return [parseSnapshot(text, directory)]
  } catch (error) {
    if (error instanceof SchemaError && error.code === 'SCHEMA_SNAPSHOT_INVALID') return []
    throw error
  }
}

/** What each revision promises that is new, or promises something else than before. */
function reportPromises(snapshot: Snapshot, earlier: Snapshot | null, report: ProgressReporter): void {
  const before = new Map(earlier?.revisions.map(({ revision, changes }) => [revision, changes]))
  for (const { revision, rows } of snapshot.revisions) {
    const promised = changesOf(snapshot, revision)
    const known = before.get(revision)
    if (promised === null || (known !== undefined && sameChanges(known, promised.changes))) continue
    report({ event: 'revision promised', revision, ...promised, ...(rows && { rows }) })
  }
}

/** Without a scratch database, or with a folder that cannot be written, development goes on unverified and says so. */
async function tryRefreshSnapshot(workspace: Workspace, report: ProgressReporter): Promise<Snapshot | null> {
  try {
    return (await makeSnapshot(workspace, report)).snapshot
  } catch (error) {
    if (!isSnapshotUnavailable(error)) throw error
    report({ event: 'snapshot unavailable', reason: error.message })
    return null
  }
}

function isSnapshotUnavailable(error: unknown): error is Error {
  if (!(error instanceof Error) || !isRecord(error)) return false
  return ['SCHEMA_SCRATCH_UNAVAILABLE', 'EACCES', 'EROFS', 'EPERM'].includes(String(error['code']))
}
