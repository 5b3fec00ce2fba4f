import { access } from 'node:fs/promises'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { TaskControl } from '../../gate/assess.js'
import { readDatabaseStatus } from '../../gate/read-status.js'
import { refuseOtherHistory } from '../../gate/refuse-position.js'
import { driverErrorCode, sqlState } from '../../postgres/connection/sqlstate.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { countUpTo } from '../../project/revision-range.js'
import { listSeeds, type SeedFile } from '../../project/seed-files.js'
import { findSnapshot } from '../../snapshot/find.js'
import type { ProjectWorkspace, Workspace } from '../../workspace.js'
import { causesOf } from '../../core/text/causes.js'
import { reasonOf, type Rehearsal, type RehearsalRows, type RehearsedRevision } from './rehearsal.js'
import { type RehearsalSegment, rehearseSegment } from './rehearse-segment.js'

export interface RehearsalRequest {
  /** The revisions before them, in order. */
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  /** Whether rows are generated, and seeds are run. */
  readonly withRows: boolean
}

/**
 * Rehearses pending revisions in scratch databases: each up, down and up again, on generated rows and those of the seeds. One
 * that fails on these rows and not without is at fault; those after it are rehearsed without. Throws what a replay throws
 * before the first of them.
 */
async function rehearseRevisions(
  workspace: ProjectWorkspace,
  request: RehearsalRequest,
  control: TaskControl,
): Promise<Rehearsal> {
  const { applied, pending, withRows } = request
  const scratch = await findScratch(workspace.scratch)
  const known = new Set([...applied, ...pending])
  const snapshot = (await findSnapshot(workspace))?.parse() ?? null
  const seedFiles = withRows ? await findSeeds(workspace) : []
  const run: RunSegment = (before, left, rows) =>
    rehearseSegment({
      scratch,
      project: workspace.project,
      migrations: workspace.migrations.filter(({ revision }) => known.has(revision)),
      scope: workspace.config.verify.scope,
      undetermined: Object.assign({}, ...(snapshot?.revisions ?? []).map((each) => each.undetermined ?? {})),
      snapshot: snapshot === null ? null : limitTo(snapshot, before),
      applied: before,
      pending: left,
      rows,
      // In an empty database they find no table.
      seedFiles: rows === 'generated' && before.length > 0 ? seedFiles : [],
      report: control.report,
      signal: control.signal,
    })
  const rows = withRows ? 'generated' : 'none'
  const found = await rehearseInSegments(request, rows, run)
  return { where: scratch.where, rows, ...found }
}

/** The promise of the applied revisions; null where it lacks one of them. */
function limitTo(snapshot: Snapshot, applied: readonly string[]): Snapshot | null {
  const revisions = snapshot.revisions.filter(({ revision }) => applied.includes(revision))
  return revisions.length === applied.length ? { ...snapshot, revisions } : null
}

/** A project without seeds has no folder of the default name; one that is named must be there. */
async function findSeeds({ project, config }: ProjectWorkspace): Promise<readonly SeedFile[]> {
  const { seedsDirectory } = config.migrations
  const isNamed = seedsDirectory !== null || project.seeds.isNamed
  return !isNamed && (await lacksFolder(project.seeds.directories)) ? [] : listSeeds(project, seedsDirectory)
}

async function lacksFolder(folders: readonly string[]): Promise<boolean> {
  const found = await Promise.allSettled(folders.map((folder) => access(folder)))
  return found.some(({ status }) => status === 'rejected')
}

type RunSegment = (
  applied: readonly string[],
  pending: readonly string[],
  rows: RehearsalRows,
) => Promise<RehearsalSegment>

type RehearsedSegments = Omit<Rehearsal, 'where' | 'rows'>

/** After a revision that left something else than its `up` makes, the next ones begin in another database. */
async function rehearseInSegments(
  { applied, pending }: RehearsalRequest,
  first: RehearsalRows,
  run: RunSegment,
): Promise<RehearsedSegments> {
  const revisions: RehearsedRevision[] = []
  const notes = new Set<string>()
  let seeds: readonly string[] = []
  let rows = first
  while (revisions.length < pending.length) {
    const before = [...applied, ...pending.slice(0, revisions.length)]
    const segment = await run(before, pending.slice(revisions.length), rows)
    if (revisions.length === 0) seeds = segment.seeds
    revisions.push(...segment.revisions)
    segment.notes.forEach((note) => notes.add(note))
    if (segment.failed === null) continue
    const reached = [...applied, ...pending.slice(0, revisions.length)]
    const other = await retryOnOtherRows(segment.failed, rows, (kind) =>
      run(reached, pending.slice(revisions.length, revisions.length + 1), kind),
    )
    revisions.push(other?.rehearsed ?? segment.failed)
    if (other === null) break
    notes.add(other.note)
    rows = other.rows
  }
  return { revisions, notRun: pending.slice(revisions.length), seeds, notes: [...notes] }
}

interface RetriedRevision {
  readonly rehearsed: RehearsedRevision
  readonly rows: RehearsalRows
  readonly note: string
}

const laterKinds: Readonly<Record<RehearsalRows, readonly RehearsalRows[]>> = {
  generated: ['none', 'of the migrations'],
  none: ['of the migrations'],
  'of the migrations': [],
  'of the copy': [],
}

/** A revision that needs other rows than it was given: none, or those that earlier migrations write. */
async function retryOnOtherRows(
  failed: RehearsedRevision,
  rows: RehearsalRows,
  run: (rows: RehearsalRows) => Promise<RehearsalSegment>,
): Promise<RetriedRevision | null> {
  const { revision, up } = failed
  const why = up.outcome === 'failed' ? reasonOf(up.error) : ''
  for (const kind of laterKinds[rows]) {
    const [rehearsed] = (await run(kind)).revisions
    if (rehearsed === undefined) continue
    if (kind === 'none' && up.outcome === 'failed' && isRefusedRow(up.error))
      return { rehearsed: failed, rows: kind, note: `${revision} fails on rows and runs without` }
    const note = `${revision} was rehearsed ${kind === 'none' ? 'without generated rows' : 'on rows of earlier migrations'}: ${why}`
    return { rehearsed, rows: kind, note }
  }
  return null
}

/** Rows that the revision does not cope with; a row that it writes itself may be one of the generated ones. */
function isRefusedRow(error: Error): boolean {
  const code = driverErrorCode(rootCauseOf(error))
  const isOwn = code === sqlState.uniqueViolation || code === sqlState.exclusionViolation
  return (/^2[23]/.test(code) && !isOwn) || ('code' in error && error.code === 'SCHEMA_ROWS_UNTRUE')
}

function rootCauseOf(error: Error): unknown {
  return causesOf(error).at(-1) ?? error
}

/** Rehearses what is pending in the configured database. Throws what `readDatabaseStatus` and `rehearseRevisions` throw. */
export async function rehearseDatabase(
  workspace: Workspace,
  withRows: boolean,
  control: TaskControl,
): Promise<Rehearsal> {
  const status = await readDatabaseStatus(workspace, control)
  refuseOtherHistory(status, workspace.config.target, 'Nothing was rehearsed.')
  const { applied, pending } = status.assessment.history
  return rehearseRevisions(workspace, { applied, pending, withRows }, control)
}

/** Rehearses the revisions after `from`, or all. Throws SCHEMA_USAGE for one that this build does not have. */
export function rehearseOffline(
  workspace: ProjectWorkspace,
  from: string | null,
  withRows: boolean,
  control: TaskControl,
): Promise<Rehearsal> {
  const build = workspace.migrations.map(({ revision }) => revision)
  const first = countUpTo(from, build, 'Nothing was rehearsed.') ?? 0
  const range = { applied: build.slice(0, first), pending: build.slice(first), withRows }
  return rehearseRevisions(workspace, range, control)
}
