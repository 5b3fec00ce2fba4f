import type { Catalog } from '../core/model/catalog.js'
import { planLooks, repeatedIn, type Replayed } from '../core/model/replay-checkpoints.js'
import { agreeOn, type Changes, changesBetween, pick, type Snapshot } from '../core/model/snapshot.js'
import type { Report } from '../core/progress/events.js'
import { SchemaError } from '../errors/schema-error.js'
import { type Connection, withClient } from '../postgres/connection/connect.js'
import { serverMajor } from '../postgres/connection/query.js'
import { everything, ledgerTablesOf, readCatalog } from '../postgres/introspect/read-catalog.js'
import { migrate } from '../postgres/migrate/migrate.js'
import type { Scratch } from '../postgres/scratch/scratch.js'
import type { RevisionCheck } from '../postgres/verify/check-revision.js'
import type { KnexProject } from '../project/knexfile.js'
import type { Migration } from '../project/migration-files.js'

export interface ReplayOptions {
  readonly scratch: Scratch
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  readonly report: Report
}

/**
 * Replays the whole folder into scratch databases and makes the snapshot of it. Twice: a fact that comes out different is
 * not determined by the migrations (a default made from a random value), and is recorded as such.
 * Throws SCHEMA_MIGRATION_FAILED where a revision cannot be replayed.
 */
export async function replay(options: ReplayOptions): Promise<Snapshot> {
  const { scratch, migrations, report } = options
  report({ event: 'replaying', revisions: migrations.length, where: scratch.where })
  const first = await scratch.withDatabase((connection) => replayFirst(connection, options))
  const second = await scratch.withDatabase((connection) => replayAgain(connection, { options, first }))
  return {
    postgres: first.major,
    base: first.base,
    revisions: migrations.map(({ revision, file, checksum }) => ({
      revision,
      file,
      checksum,
      ...agreeOn(first.changes.get(revision) ?? {}, second.get(revision) ?? {}),
    })),
  }
}

interface FirstReplay {
  readonly major: number
  readonly base: Catalog
  readonly changes: Replayed
}

async function replayFirst(connection: Connection, options: ReplayOptions): Promise<FirstReplay> {
  const { base, major } = await withClient(connection, async (client) => ({
    base: await readCatalog(client, { ...ledgerTablesOf(options.project), ...everything }),
    major: await serverMajor(client),
  }))
  const changes = new Map<string, Changes>()
  let before = base
  await applyAll(connection, options, async ({ revision, read }) => {
    const after = await read(everything)
    changes.set(revision, changesBetween(before, after))
    before = after
  })
  return { base, major, changes }
}

interface Repetition {
  readonly options: ReplayOptions
  readonly first: FirstReplay
}

async function replayAgain(connection: Connection, { options, first }: Repetition): Promise<Replayed> {
  const looks = planLooks(first.changes)
  const catalogs = new Map<string, Catalog>()
  await applyAll(connection, options, async ({ revision, read }) => {
    const look = looks.get(revision)
    if (look !== undefined) catalogs.set(revision, pick(await read(everything), look.keys()))
  })
  return repeatedIn({ looks, catalogs, base: first.base }, first.changes)
}

async function applyAll(connection: Connection, options: ReplayOptions, check: RevisionCheck): Promise<void> {
  await migrate({
    ...options,
    connection,
    witness: null,
    owner: { service: 'scratch', environment: 'scratch' },
    admit: () => {},
    snapshot: null,
    check,
    transaction: 'each',
    lockWaitTimeout: 0,
    lockTimeout: 0,
    deadline: 0,
    writer: { host: 'scratch', release: null },
    report: onlyWhatTakesLong(options.report),
  }).catch((error: unknown) => {
    throw whileReplaying(error)
  })
}

/** What happens in a scratch database is nobody's news, but for a revision that takes long. */
function onlyWhatTakesLong(report: Report): Report {
  return (progress) => {
    if (progress.event === 'revision running') report(progress)
  }
}

/** What stayed applied in a scratch database went with it. */
function whileReplaying(error: unknown): unknown {
  if (!(error instanceof SchemaError)) return error
  return new SchemaError(error.code, {
    what: `Replaying the migrations in a scratch database: ${error.message}`,
    facts: error.facts.filter(([name]) => name !== 'stayed applied'),
    choices: error.choices,
    cause: error.cause,
  })
}
