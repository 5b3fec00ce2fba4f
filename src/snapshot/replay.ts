import type { Catalog } from '../core/model/catalog.js'
import { planCheckpoints, findRepeatedChanges, type ReplayChanges } from '../core/model/replay-checkpoints.js'
import { defaultScope } from '../core/model/scope.js'
import {
  mergeReplays,
  type Changes,
  changesBetween,
  pickKeys,
  type Snapshot,
} from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { type Connection, withClient } from '../postgres/connection/connect.js'
import { readServerMajor } from '../postgres/connection/query.js'
import { allAnnotations, ledgerTablesOf, readCatalog } from '../postgres/introspect/read-catalog.js'
import { applyPending } from '../postgres/migrate/migrate.js'
import type { Scratch } from '../postgres/scratch/scratch.js'
import type { RunPolicy } from '../postgres/session/migrate-options.js'
import type { RevisionCheck } from '../postgres/verify/check-revision.js'
import { type EmptyRevision, findEmptyChange, refuseUndeclaredChanges } from './empty-changes.js'
import type { KnexProject } from '../project/knex-project.js'
import { withoutOtherSettings } from '../core/model/scope.js'
import type { Migration } from '../project/migration-files.js'
import { type ReplayAttempt, withReplays } from './replay-attempts.js'
import { describeReplayError } from './replay-error.js'

export interface ReplayOptions {
  readonly scratch: Scratch
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  readonly report: ProgressReporter
}

/** A replayed folder: its snapshot, and the revisions of which it promises nothing although they do not say so. */
export interface Replay {
  readonly snapshot: Snapshot
  readonly empty: readonly EmptyRevision[]
}

/**
 * Replays the whole folder into scratch databases and makes the snapshot of it. Twice: a fact that comes out different is
 * not determined by the migrations (a default made from a random value), and is recorded as such.
 * Throws SCHEMA_MIGRATION_FAILED where a revision cannot be replayed, and SCHEMA_PROMISE_BROKEN where one changes the catalog
 * and says that it does not.
 */
export async function replay(options: ReplayOptions): Promise<Replay> {
  const { scratch, migrations, report } = options
  report({ event: 'replaying', revisions: migrations.length, where: scratch.where })
  const { first, second } = await withReplays(options, async (run) => {
    const first = await run((attempt) => replayFirst(attempt, options))
    return { first, second: await run((attempt) => replaySecond(attempt, { options, first })) }
  })
  const revisions = migrations.map(({ revision, file, checksum }) => ({
    revision,
    file,
    checksum,
    ...mergeReplays(first.changes.get(revision) ?? {}, second.get(revision) ?? {}),
  }))
  // What the scratch database is set to is no property of the project.
  const base = withoutOtherSettings(first.base, {})
  return { snapshot: { postgres: first.major, base, revisions }, empty: first.empty }
}

interface FirstReplay {
  readonly major: number
  readonly base: Catalog
  readonly changes: ReplayChanges
  readonly empty: readonly EmptyRevision[]
}

async function replayFirst(attempt: ReplayAttempt, options: ReplayOptions): Promise<FirstReplay> {
  const { connection, report, watch } = attempt
  const { base, major } = await withClient(connection, async (client) => ({
    base: await readCatalog(client, { ...ledgerTablesOf(options.project), ...allAnnotations }),
    major: await readServerMajor(client),
  }))
  const changes = new Map<string, Changes>()
  const empty: EmptyRevision[] = []
  let before = base
  await applyMigrations(connection, { ...options, report: reportRun(report) }, async (uncommitted) => {
    await watch(uncommitted)
    const after = await uncommitted.read(allAnnotations)
    const changed = changesBetween(before, after)
    refuseUndeclaredChanges(uncommitted, changed)
    empty.push(...(await findEmptyChange(uncommitted, changed, options.project)))
    changes.set(uncommitted.revision, changed)
    before = after
  })
  return { base, major, changes, empty }
}

interface SecondReplay {
  readonly options: ReplayOptions
  readonly first: FirstReplay
}

async function replaySecond(
  { connection, report, watch }: ReplayAttempt,
  { options, first }: SecondReplay,
): Promise<ReplayChanges> {
  const checkpoints = planCheckpoints(first.changes)
  const catalogs = new Map<string, Catalog>()
  await applyMigrations(connection, { ...options, report: reportLongRuns(report) }, async (uncommitted) => {
    await watch(uncommitted)
    const { revision, read } = uncommitted
    const checkpoint = checkpoints.get(revision)
    if (checkpoint !== undefined)
      catalogs.set(revision, pickKeys(await read(allAnnotations), checkpoint.keys()))
  })
  return findRepeatedChanges(first.changes, checkpoints, catalogs, first.base)
}

/** Nobody else uses a scratch database, so there is nobody to wait for; a check reads each revision on its own. */
const scratchPolicy: RunPolicy = { transaction: 'each', lockWaitTimeout: 0, lockTimeout: 0, deadline: 0 }

async function applyMigrations(
  connection: Connection,
  { scratch, project, migrations, report }: ReplayOptions,
  check: RevisionCheck,
): Promise<void> {
  const target = { connection, project, migrations, snapshot: null, scope: defaultScope }
  const options = { target, guard: null, policy: scratchPolicy, report }
  await applyPending(options, null, check).catch((error: unknown) => {
    throw describeReplayError(error, scratch)
  })
}

/** Of what happens in a scratch database only a revision that takes long, or does not return, is reported, */
function reportLongRuns(report: ProgressReporter): ProgressReporter {
  return (progress) => {
    if (progress.event === 'revision running' || progress.event === 'process ended') report(progress)
  }
}

/** and once what was noticed: it may be the only trace of a statement that did nothing, or of a COMMIT. */
function reportRun(report: ProgressReporter): ProgressReporter {
  return (progress) => {
    if (progress.event === 'notice' || progress.event === 'transaction ended') report(progress)
    else reportLongRuns(report)(progress)
  }
}
