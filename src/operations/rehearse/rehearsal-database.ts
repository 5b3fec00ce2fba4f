import pg from 'pg'
import { compareInScope, defaultScope, type Scope } from '../../core/model/scope.js'
import type { Catalog } from '../../core/model/catalog.js'
import type { UndeterminedFacts } from '../../core/model/diff.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { toError } from '../../core/text/redact.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { queryRows, type Row } from '../../postgres/connection/query.js'
import { inspectServer } from '../../postgres/inspect/inspect-server.js'
import { ledgerTablesOf, readCatalog } from '../../postgres/introspect/read-catalog.js'
import { ledgerTable, quoteTableName } from '../../postgres/ledger/ledger.js'
import { applyInSession } from '../../postgres/migrate/migrate.js'
import { revertInSession } from '../../postgres/migrate/revert.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { RevisionCheck, UncommittedRevision } from '../../postgres/verify/check-revision.js'
import type { KnexProject } from '../../project/knex-project.js'
import type { Migration } from '../../project/migration-files.js'
import { scratchPolicy } from '../../snapshot/replay-options.js'
import { type RunInSession, withLastingSession } from './lasting-session.js'
import type { RehearsalDatabase, RepeatedRun } from './rehearsal.js'

/** A database in which revisions are rehearsed, and what they are rehearsed with. */
export interface RehearsalPlace {
  readonly connection: Connection
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  /** What is compared. */
  readonly scope: Scope
  /** The facts that differ at every run. */
  readonly undetermined: UndeterminedFacts
  /** Called for each revision before its commit. */
  readonly watch: (uncommitted: UncommittedRevision) => Promise<void>
  /** Called after each revision that makes a table. */
  readonly fillTables: () => Promise<void>
  readonly report: ProgressReporter
  readonly signal: AbortSignal | undefined
}

/** Migrates without a promise, and asks migrations for their rows. */
export function scratchOptions({
  connection,
  project,
  migrations,
  report,
  signal,
}: RehearsalPlace): MigrateOptions {
  return {
    target: { connection, project, migrations, snapshot: null, scope: defaultScope },
    guard: null,
    asksRows: true,
    policy: scratchPolicy,
    report,
    ...(signal === undefined ? {} : { signal }),
  }
}

/** Gives `use` a database whose steps share a session; another one reads, and takes records out of the ledger. */
export function withRehearsalDatabase<T>(
  place: RehearsalPlace,
  use: (database: RehearsalDatabase) => Promise<T>,
): Promise<T> {
  return withClient(place.connection, (client) =>
    withLastingSession(scratchOptions(place), (run) => use(createRehearsalDatabase(client, place, run))),
  )
}

function createRehearsalDatabase(
  client: pg.Client,
  place: RehearsalPlace,
  inSession: RunInSession,
): RehearsalDatabase {
  const { project, signal, scope, watch } = place
  const options = scratchOptions(place)
  const annotations = { comments: scope.comments, grants: scope.grants }
  const reading = { ...ledgerTablesOf(project), ...annotations }
  const failureOf = failureUnlessAborted(signal)
  /** Null where something ran since it was read. */
  let known: Catalog | null = null
  const attempt = async (run: () => Promise<unknown>): Promise<Error | null> => {
    known = null
    return run().then(() => null, failureOf)
  }
  const watching: RevisionCheck = () => ({ compose: () => null, check: watch })
  return {
    read: async () => (known ??= await readCatalog(client, reading)),
    compare: comparisonFor(place),
    up: (revision) =>
      attempt(() => inSession((opened) => applyInSession(opened, options, revision, watching))),
    down: (revision) =>
      attempt(() =>
        inSession((opened) => revertInSession(opened, options, { to: null, revisions: [revision] })),
      ),
    repeat: async (revision, transactional) => {
      let run: RepeatedRun | null = null
      const check: RevisionCheck = () => ({
        compose: () => null,
        check: async (uncommitted) => {
          await watch(uncommitted)
          const after = await uncommitted.read(annotations)
          run = { after, writtenTables: await readWrites(uncommitted.client, project) }
          // What it did to rows is done already.
          if (uncommitted.transactional) throw new Error('it is rolled back')
        },
      })
      const putBack = await takeNewestRecord(client, place)
      const again = { ...options, asksRows: false }
      const error = await inSession(async (opened) => {
        const failed = await attempt(() => applyInSession(opened, again, revision, check))
        // A session outlasts what is rolled back in it.
        if (failed !== null && !transactional) throw failed
        return failed
      }).catch(failureOf)
      if (error !== null || transactional) await putBack()
      return run ?? { error: error ?? new Error('it did not run') }
    },
  }
}

function failureUnlessAborted(signal: AbortSignal | undefined): (error: unknown) => Error {
  return (error) => {
    if (signal?.aborted === true) throw error
    return toError(error)
  }
}

function comparisonFor({ scope, undetermined }: RehearsalPlace): RehearsalDatabase['compare'] {
  return (expected, actual) => {
    const promised = { catalog: expected, undetermined, tolerated: new Set<string>() }
    return compareInScope(promised, actual, scope).differences
  }
}

/** The tables in which the transaction has inserted, changed or deleted a row. */
async function readWrites(client: pg.ClientBase, { tableName }: KnexProject): Promise<readonly string[]> {
  const rows = await queryRows(
    client,
    `select relid::regclass::text as name from pg_stat_xact_user_tables
      where n_tup_ins + n_tup_upd + n_tup_del > 0 and relname <> all (array[${[
        tableName,
        `${tableName}_lock`,
        ledgerTable,
      ]
        .map((name) => pg.escapeLiteral(name))
        .join(', ')}]) order by 1`,
  )
  return rows.map(({ name }) => String(name))
}

/** Returns what puts it back. */
async function takeNewestRecord(client: pg.Client, place: RehearsalPlace): Promise<() => Promise<void>> {
  const { ledgerSchema } = await inspectServer(client, place)
  const table = quoteTableName(ledgerSchema ?? 'public', place.project.tableName)
  const [row] = await queryRows(
    client,
    `delete from ${table} where id = (select max(id) from ${table}) returning name, batch, migration_time`,
  )
  return () => insertRecord(client, table, row ?? {})
}

async function insertRecord(client: pg.Client, table: string, row: Row): Promise<void> {
  await client.query(`delete from ${table} where name = $1`, [row['name']])
  await client.query(`insert into ${table} (name, batch, migration_time) values ($1, $2, $3)`, [
    row['name'],
    row['batch'],
    row['migration_time'],
  ])
}
