import type { Snapshot } from '../../core/model/snapshot.js'
import type { PlannedCheck } from '../../postgres/verify/check-revision.js'
import type { SeedFile } from '../../project/seed-files.js'
import { buildFromSnapshot } from '../../snapshot/append.js'
import { type ReplayAttempt, withReplays } from '../../snapshot/replay-attempts.js'
import type { ReplayedFolder } from '../../snapshot/replay-options.js'
import { reportLongRuns } from '../../snapshot/replay-reports.js'
import { applyMigrations, runningBy } from '../../snapshot/replay.js'
import { serviceSchemasIn } from '../../snapshot/service-schemas.js'
import { fillEmptyTables, runSeeds } from './fill-rows.js'
import type { RehearsalRows, RehearsedRevision } from './rehearsal.js'
import { type RehearsedDatabase, rehearsePending } from './rehearse-pending.js'
import { withRehearsalDatabase, type RehearsalPlace, scratchOptions } from './rehearsal-database.js'

export interface SegmentOptions extends ReplayedFolder, Pick<RehearsalPlace, 'scope' | 'undetermined'> {
  /** The promise of the applied revisions; null where there is none. */
  readonly snapshot: Snapshot | null
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  readonly rows: RehearsalRows
  readonly seedFiles: readonly SeedFile[]
}

/** Revisions that were rehearsed one after the other in one database. */
export interface RehearsalSegment {
  readonly revisions: readonly RehearsedRevision[]
  /** The one after them, whose first `up` failed; null where none did. */
  readonly failed: RehearsedRevision | null
  readonly seeds: readonly string[]
  readonly notes: readonly string[]
}

interface SegmentLog extends RehearsedDatabase {
  seeds: readonly string[]
  notes: readonly string[]
}

/**
 * Rehearses the pending revisions in a scratch database at the applied ones, until one leaves something else than its `up`
 * makes.
 */
export async function rehearseSegment(options: SegmentOptions): Promise<RehearsalSegment> {
  const { snapshot, project } = options
  const serviceSchemas = snapshot === null ? [] : serviceSchemasIn(snapshot, project)
  let log: SegmentLog = { revisions: [], failed: null, seeds: [], notes: [] }
  await withReplays({ ...options, serviceSchemas }, (run) =>
    run(async (attempt) => {
      log = { revisions: [], failed: null, seeds: [], notes: [] }
      const place = placeOf(attempt, options)
      await prepare(attempt, place, options, log)
      const wanted = place.migrations.filter(({ revision }) => options.pending.includes(revision))
      await withRehearsalDatabase(place, (database) => rehearsePending(wanted, place, database, log))
    }),
  ).catch((error: unknown) => {
    if (log.failed === null || options.signal?.aborted === true) throw error
  })
  return log
}

function placeOf(attempt: ReplayAttempt, options: SegmentOptions): RehearsalPlace {
  const { project, scope, undetermined, signal, rows } = options
  return {
    connection: attempt.connection,
    project,
    migrations: options.migrations.map(runningBy(attempt.run)),
    scope,
    undetermined,
    watch: (uncommitted) => attempt.watch(uncommitted, null),
    fillTables: async () => {
      if (rows === 'generated') await fillEmptyTables(attempt.connection, project)
    },
    report: reportLongRuns(attempt.report),
    signal,
  }
}

/** Brings the database to where the pending revisions begin. */
async function prepare(
  attempt: ReplayAttempt,
  place: RehearsalPlace,
  options: SegmentOptions,
  log: SegmentLog,
): Promise<void> {
  const { snapshot, applied, rows, seedFiles, project } = options
  const check: PlannedCheck['check'] = (uncommitted) => attempt.watch(uncommitted, null)
  const migrations = options.migrations.filter(({ revision }) => applied.includes(revision))
  if (applied.length > 0 && (snapshot === null || rows === 'of the migrations'))
    await applyMigrations(attempt, { ...options, migrations, report: place.report }, () => ({
      compose: () => null,
      check,
    }))
  else if (snapshot !== null && applied.length > 0)
    await buildFromSnapshot(snapshot, attempt.connection, options)
  if (rows !== 'generated') return
  const seeded = await runSeeds(seedFiles, scratchOptions(place), attempt.run)
  const notes = await fillEmptyTables(attempt.connection, project)
  Object.assign(log, { seeds: seeded.seeds, notes: [...seeded.notes, ...notes] })
}
