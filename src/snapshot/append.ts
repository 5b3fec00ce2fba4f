import { readFile } from 'node:fs/promises'
import { numberAppended, whyNotAppended } from '../core/history/appended-revisions.js'
import { type NumberAsReplayed, numbersAsReplayed } from '../core/history/built-positions.js'
import { defaultScope } from '../core/model/scope.js'
import { revisionsOf, type Snapshot } from '../core/model/snapshot.js'
import type { Progress } from '../core/progress/events.js'
import { errorMessage } from '../core/text/redact.js'
import { type ErrorCode, SchemaError } from '../errors/schema-error.js'
import { buildDatabase } from '../postgres/build/build-database.js'
import { buildPlanOf } from '../postgres/build/build-plan.js'
import { type Connection, withClient } from '../postgres/connection/connect.js'
import { readServerMajor } from '../postgres/connection/query.js'
import {
  type Replay,
  type ReplayedFolder,
  type ReplayedRevisions,
  type ReplayOptions,
  scratchPolicy,
} from './replay-options.js'

/**
 * Makes the snapshot of a folder to which revisions were appended by replaying these alone, in databases that are built from
 * the earlier snapshot. Null, and why is reported, where only a replay of all revisions is sure to give the same.
 */
export async function appendToSnapshot(
  replay: Replay,
  options: ReplayOptions,
  earlier: Snapshot,
): Promise<Snapshot | null> {
  const { report, signal } = options
  const held: Progress[] = []
  const hold = (progress: Progress): void =>
    progress.event === 'replaying' || progress.event === 'revision running'
      ? report(progress)
      : void held.push(progress)
  try {
    await refuseLeftSearchPath(options, earlier)
    const snapshot = await replayAppended(replay, { ...options, report: hold }, earlier)
    held.forEach(report)
    return snapshot
  } catch (error) {
    if (signal?.aborted === true || isFinal(error)) {
      held.forEach(report)
      throw error
    }
    report({ event: 'replaying all', why: errorMessage(error) })
    return null
  }
}

/** What a replay of all revisions would end with as well. */
const finalCodes: ReadonlySet<ErrorCode> = new Set([
  'SCHEMA_INTERRUPTED',
  'SCHEMA_PROMISE_EMPTY',
  'SCHEMA_PROCESS_ENDED',
  'SCHEMA_SCRATCH_UNAVAILABLE',
])

function isFinal(error: unknown): boolean {
  return error instanceof SchemaError && finalCodes.has(error.code)
}

async function replayAppended(replay: Replay, options: ReplayOptions, earlier: Snapshot): Promise<Snapshot> {
  let renumber: NumberAsReplayed = (_, facts) => facts
  const judge = ({ base, changes, ran, hasConnected }: ReplayedRevisions): void => {
    if (hasConnected) throw new Error('a migration connects to a database by itself')
    const appended = ran.map(({ observed, ...each }) => ({ ...each, commands: observed.commands }))
    renumber = numbersAsReplayed(earlier, base)
    const why = whyNotAppended(earlier, { built: base, renumber, changes, ran: appended })
    if (why !== null) throw new Error(why)
  }
  const build = (connection: Connection): Promise<void> => buildFromSnapshot(earlier, connection, options)
  const appended = await replay({ ...options, start: { snapshot: earlier, build, judge } })
  return numberAppended(earlier, appended, renumber)
}

/**
 * Builds what the snapshot promises, verified, and records its revisions as applied. Throws where the server has another
 * major version than the one of the snapshot, and what `buildDatabase` throws.
 */
export async function buildFromSnapshot(
  snapshot: Snapshot,
  connection: Connection,
  { project, migrations, signal }: Pick<ReplayedFolder, 'project' | 'migrations' | 'signal'>,
): Promise<void> {
  const major = await withClient(connection, readServerMajor)
  if (major !== snapshot.postgres)
    throw new Error(`the snapshot was made on PostgreSQL ${snapshot.postgres}, and this is ${major}`)
  const promised = new Set(revisionsOf(snapshot))
  const known = migrations.filter(({ revision }) => promised.has(revision))
  const target = { connection, project, migrations: known, snapshot, scope: defaultScope }
  const stop = signal === undefined ? {} : { signal }
  const options = { target, guard: null, policy: scratchPolicy, report: () => {}, ...stop }
  await buildDatabase(
    options,
    buildPlanOf(snapshot, () => {}),
  )
}

/** A search_path that one migration leaves behind, another may find: the second replay tells. */
async function refuseLeftSearchPath({ migrations }: ReplayOptions, { revisions }: Snapshot): Promise<void> {
  for (const { path, revision } of migrations.slice(0, revisions.length))
    if (path === null || /search_path/i.test(await readFile(path, 'utf8')))
      throw new Error(`${revision} may leave a search_path behind`)
}
