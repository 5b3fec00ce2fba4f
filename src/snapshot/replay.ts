import type { Catalog } from '../core/model/catalog.js'
import { planCheckpoints, findRepeatedChanges, type ReplayChanges } from '../core/model/replay-checkpoints.js'
import { findRenamed } from '../core/model/find-renamed.js'
import type { RenamedObject } from '../core/model/renamed-object.js'
import { defaultScope } from '../core/model/scope.js'
import { mergeReplays, type Changes, pickKeys, type Snapshot } from '../core/model/snapshot.js'
import { recordRows } from '../core/history/written-rows.js'
import { withClient } from '../postgres/connection/connect.js'
import { readServerMajor } from '../postgres/connection/query.js'
import { applyPending } from '../postgres/migrate/migrate.js'
import { withVariables } from '../postgres/scratch/environment.js'
import type { RunInScratch } from '../postgres/scratch/redirect-connections.js'
import { createSearchPathKeeper } from '../postgres/session/left-search-path.js'
import type { PlannedCheck, RevisionCheck, UncommittedRevision } from '../postgres/verify/check-revision.js'
import { readWrittenTables } from '../postgres/verify/written-tables.js'
import { type EmptyRevision, findEmptyChange, refuseUndeclaredChanges } from './empty-changes.js'
import { withoutOtherSettings } from '../core/model/scope.js'
import type { Migration } from '../project/migration-files.js'
import { type ReplayAttempt, type RunReplay, withReplays } from './replay-attempts.js'
import { describeReplayError } from './replay-error.js'
import {
  type ReplayedFolder,
  type ReplayedRevisions,
  type ReplayOptions,
  scratchPolicy,
} from './replay-options.js'
import {
  chooseReads,
  createReplayReader,
  type ReadReplay,
  type ReadsOfReplay,
  replayConfirmed,
} from './replay-reads.js'
import { reportLongRuns, reportRun } from './replay-reports.js'
import { shiftedTimeZone, withShiftedDate } from './shifted-date.js'
import { withSilentConsole } from './silent-console.js'
import {
  composeAllReads,
  composeRepeatedReads,
  parseAllReads,
  parseRepeatedReads,
} from './transaction-reads.js'

/**
 * Replays the folder into scratch databases, from `start` on, and makes the snapshot of it. Twice: a fact that comes out
 * different is not determined by the migrations (a default made from a random value), and is recorded as such.
 * Throws SCHEMA_MIGRATION_FAILED where a revision cannot be replayed, SCHEMA_PROMISE_BROKEN where one changes the catalog and
 * says that it does not, and what `judgeEmpty` throws.
 */
export async function replay(options: ReplayOptions): Promise<Snapshot> {
  const { scratch, migrations, start, report } = options
  const known = start?.snapshot.revisions ?? []
  const replayed = migrations.slice(known.length)
  report({ event: 'replaying', revisions: replayed.length, after: known.length, where: scratch.where })
  const { first, second } = await withReplays(options, async (run) => {
    const first = await replayConfirmed(run, report, (attempt, reads) => replayFirst(attempt, options, reads))
    start?.judge(first)
    await options.judgeEmpty?.(first.empty)
    return { first, second: await repeatReplay(run, options, first) }
  })
  if (second.renamed.length > 0) report({ event: 'names differ', objects: second.renamed })
  const revisions = replayed.map(({ revision, file, checksum }) => {
    const merged = mergeReplays(first.changes.get(revision) ?? {}, second.changes.get(revision) ?? {})
    const rows = recordRows(first.written.get(revision) ?? [], merged.changes)
    return { revision, file, checksum, ...merged, ...rows }
  })
  // What the scratch database is set to is no property of the project.
  const base = start?.snapshot.base ?? withoutOtherSettings(first.base, {})
  return { postgres: first.major, base, revisions: [...known, ...revisions] }
}

interface FirstReplay extends ReadReplay, ReplayedRevisions {
  readonly major: number
  /** The tables that each revision wrote rows into. */
  readonly written: ReadonlyMap<string, readonly string[]>
  /** After the last revision. */
  readonly catalog: Catalog
  readonly empty: readonly EmptyRevision[]
}

async function replayFirst(
  attempt: ReplayAttempt,
  options: ReplayOptions,
  reads: ReadsOfReplay,
): Promise<FirstReplay> {
  const { connection, report, watch } = attempt
  await options.start?.build(connection)
  const major = await withClient(connection, readServerMajor)
  const reader = await createReplayReader(attempt, options.project, reads)
  const base = { ...reader.catalog() }
  const changes = new Map<string, Changes>()
  const written = new Map<string, readonly string[]>()
  const empty: EmptyRevision[] = []
  const ran: UncommittedRevision[] = []
  const check: PlannedCheck['check'] = async (uncommitted, results) => {
    const { touched, wroteServerObjects, lockedTables } = parseAllReads(results)
    await watch(uncommitted, wroteServerObjects)
    ran.push(uncommitted)
    await reader.note(uncommitted, touched)
    const changed = await reader.read(uncommitted)
    refuseUndeclaredChanges(uncommitted, changed)
    empty.push(...(await findEmptyChange(uncommitted, changed, options.project)))
    changes.set(uncommitted.revision, changed)
    const tables = await readWrittenTables(uncommitted, options.project.tableName, lockedTables)
    written.set(uncommitted.revision, uncommitted.transactional ? tables : withoutEarlier(tables, written))
  }
  const planCheck: RevisionCheck = (_revision, client) => ({ compose: () => composeAllReads(client), check })
  await applyMigrations(attempt, { ...options, report: reportRun(report) }, planCheck)
  const missed = await reader.confirm()
  const hasConnected = attempt.hasConnected()
  return { base, major, changes, ran, hasConnected, written, catalog: reader.catalog(), empty, missed }
}

/** What a revision without a transaction wrote is seen only in tables that were empty before. */
function withoutEarlier(
  tables: readonly string[],
  earlier: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const filled = new Set([...earlier.values()].flat())
  return tables.filter((key) => !filled.has(key))
}

interface SecondReplay {
  readonly options: ReplayOptions
  readonly first: FirstReplay
  /** Told of the search_path that each revision has left behind. */
  readonly noteSearchPath: (left: string | null) => void
}

interface RepeatedReplay extends ReadReplay {
  readonly changes: ReplayChanges
  readonly renamed: readonly RenamedObject[]
  /** Whether it ended with the objects that the first ended with. */
  readonly hasSameObjects: boolean
}

/**
 * With the search_path that migrations leave behind: the server resolves names differently then. What is determined by the
 * migrations alone is the same with and without it. Where they fail with it, or make other objects, it is not kept.
 */
async function repeatReplay(
  run: RunReplay,
  options: ReplayOptions,
  first: FirstReplay,
): Promise<RepeatedReplay> {
  let keeper = createSearchPathKeeper()
  const repeatKeeping = (attempt: ReplayAttempt, reads: ReadsOfReplay): Promise<RepeatedReplay> => {
    keeper = createSearchPathKeeper()
    const migrations = options.migrations.map(keeper.keep)
    return replaySecond(
      attempt,
      { first, options: { ...options, migrations }, noteSearchPath: keeper.note },
      reads,
    )
  }
  const reads = readsOfSecond(first)
  try {
    const second = await replayConfirmed(run, options.report, repeatKeeping, reads)
    if (second.hasSameObjects || !keeper.wasKept()) return second
  } catch (error) {
    if (!keeper.wasKept() || options.signal?.aborted === true) throw error
  }
  const repeat = (attempt: ReplayAttempt, how: ReadsOfReplay): Promise<RepeatedReplay> =>
    replaySecond(attempt, { options, first, noteSearchPath: () => {} }, how)
  return replayConfirmed(run, options.report, repeat, reads)
}

function readsOfSecond({ changes, catalog }: FirstReplay): ReadsOfReplay {
  return chooseReads(planCheckpoints(changes).size, Object.keys(catalog).length, changes.size)
}

/** On another day, so that what is made from the date differs. */
async function replaySecond(
  attempt: ReplayAttempt,
  { options, first, noteSearchPath }: SecondReplay,
  reads: ReadsOfReplay,
): Promise<RepeatedReplay> {
  await options.start?.build(attempt.connection)
  const reader = await createReplayReader(attempt, options.project, reads)
  const checkpoints = planCheckpoints(first.changes)
  const catalogs = new Map<string, Catalog>()
  const check: PlannedCheck['check'] = async (uncommitted, results) => {
    const { touched, wroteServerObjects } = parseRepeatedReads(results)
    noteSearchPath(uncommitted.leftSearchPath)
    await attempt.watch(uncommitted, wroteServerObjects)
    await reader.note(uncommitted, touched)
    const checkpoint = checkpoints.get(uncommitted.revision)
    if (checkpoint === undefined) return
    await reader.read(uncommitted)
    catalogs.set(uncommitted.revision, pickKeys(reader.catalog(), checkpoint.keys()))
  }
  const planCheck: RevisionCheck = (_revision, client) => ({
    compose: () => composeRepeatedReads(client, reads),
    check,
  })
  const report = reportLongRuns(attempt.report)
  // What the migrations print was printed in the first.
  const repeat = () =>
    onAnotherDay((runShifted) => {
      const run: RunInScratch = (code) => attempt.run(() => runShifted(code))
      return applyMigrations({ ...attempt, run }, { ...options, report }, planCheck)
    })
  await withSilentConsole(repeat)
  const last = reader.catalog()
  const changes = findRepeatedChanges(first.changes, checkpoints, catalogs, first.base)
  const others = Object.keys(last).filter((key) => first.catalog[key] === undefined)
  const hasSameObjects =
    others.length === 0 && Object.keys(first.catalog).every((key) => last[key] !== undefined)
  const renamed = findRenamed(first.changes, changes, others)
  return { changes, renamed, hasSameObjects, missed: await reader.confirm() }
}

/** The time zone is that of the whole process, the date that of the code alone. */
function onAnotherDay<T>(use: (run: RunInScratch) => Promise<T>): Promise<T> {
  return withVariables({ TZ: shiftedTimeZone }, () => withShiftedDate(use))
}

/** Applies the migrations of a replay, each in its own transaction or in none. Throws what `describeReplayError` makes. */
export async function applyMigrations(
  { connection, run }: ReplayAttempt,
  { scratch, project, migrations, report, signal }: ReplayedFolder,
  check: RevisionCheck,
): Promise<void> {
  const confined = migrations.map(runningBy(run))
  const target = { connection, project, migrations: confined, snapshot: null, scope: defaultScope }
  const stop = signal === undefined ? {} : { signal }
  const options = { target, guard: null, policy: scratchPolicy, report, ...stop }
  await applyPending(options, null, check).catch((error: unknown) => {
    throw describeReplayError(error, scratch)
  })
}

/** A migration whose code, and what it imports first, is run in that way. */
export function runningBy(run: RunInScratch): (migration: Migration) => Migration {
  return (migration) => ({
    ...migration,
    load: async () => {
      const loaded = await run(() => migration.load())
      const { up, down, verify, before, after } = loaded
      return {
        ...loaded,
        up: (knex) => run(() => up(knex)),
        down: down === null ? null : (knex) => run(() => down(knex)),
        verify: verify === null ? null : (knex) => run(() => verify(knex)),
        before: (knex) => run(() => before(knex)),
        after: (knex) => run(() => after(knex)),
      }
    },
  })
}
