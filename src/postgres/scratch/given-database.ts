import pg from 'pg'
import { sortKeys } from '../../core/model/catalog.js'
import { shortenList } from '../../core/text/format.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { type Connection, withClient } from '../connection/connect.js'
import { queryRows } from '../connection/query.js'
import { notOfExtension, userSchema } from '../introspect/queries/kind-query.js'
import { isSetting } from '../../core/model/scope.js'
import { readCatalog } from '../introspect/read-catalog.js'

/** True on a standby, and where default_transaction_read_only is set for the role, the database or the server. */
export const readOnlyCondition = `current_setting('transaction_read_only') = 'on'`

/**
 * Gives `use` the empty database of this connection, and empties it afterwards. Throws SCHEMA_SCRATCH_UNAVAILABLE for a
 * database that is not empty, cannot be written, or does not belong to the role.
 */
export async function withGivenDatabase<T>(
  connection: Connection,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
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
}

async function refuseReadOnly(client: pg.Client, connection: Connection): Promise<void> {
  const [row] = await queryRows(client, `select ${readOnlyCondition} as "readOnly"`)
  if (row?.['readOnly'] !== true) return
  throw new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'The scratch database is read-only, so migrations cannot be replayed in it. Nothing was done.',
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [
      ['default_transaction_read_only', 'is set for the role, the database or the server: reset it'],
      ['SCRATCH_DATABASE_URL', 'names an empty database, or a role that may create databases'],
    ],
  })
}

/** The objects of a new database. Emptying a database does not drop them. */
const newDatabaseKeys = ['schema:public', 'extension:plpgsql']

/** The keys of what a database has that a new one has not, tables of ledgers included. */
export async function findOwnObjects(client: pg.ClientBase): Promise<readonly string[]> {
  const keys = Object.keys(await readCatalog(client, { ledgerTables: [] }))
  return sortKeys(keys).filter((key) => !newDatabaseKeys.includes(key) && !isSetting(key))
}

async function refuseOccupied(client: pg.Client, connection: Connection): Promise<void> {
  const found = await findOwnObjects(client)
  if (found.length === 0) return
  throw new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'The scratch database is not empty, and it would be emptied after use. Nothing was done.',
    facts: [
      ['database', describeAddress(addressOf(connection))],
      ['holds', shortenList(found)],
    ],
    choices: [['SCRATCH_DATABASE_URL', 'names an empty database, or a role that may create databases']],
  })
}

/** Emptying drops all schemas and creates `public` again, which only their owner may do. */
async function refuseUnowned(client: pg.Client, connection: Connection): Promise<void> {
  const [row] = await queryRows(
    client,
    `select current_user as role, has_database_privilege(current_database(), 'create')
      and bool_and(pg_has_role(n.nspowner, 'usage')) is not false as owned
      from pg_namespace n where ${userSchema}`,
  )
  if (row?.['owned'] === true) return
  throw new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'The scratch database is emptied after use, and only its owner can do that. Nothing was done.',
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

/**
 * A database with subscriptions or replication slots cannot be dropped. Without its slot a subscription is dropped without the
 * publisher.
 */
export async function dropSubscriptions(client: pg.Client): Promise<void> {
  await client.query(
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database() and not active',
  )
  for (const name of await readSubscriptions(client)) {
    const subscription = pg.escapeIdentifier(name)
    await client.query(`alter subscription ${subscription} disable`)
    await client.query(`alter subscription ${subscription} set (slot_name = none)`)
    await client.query(`drop subscription ${subscription}`)
  }
}

/** The names of the subscriptions of the connected database. */
export async function readSubscriptions(client: pg.ClientBase): Promise<readonly string[]> {
  const rows = await queryRows(
    client,
    'select s.subname as name from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = current_database()',
  )
  return rows.map(({ name }) => String(name))
}

/** The statements that drop the objects outside schemas. */
const schemalessObjectsQuery = `select format('drop publication %I', pubname) as drop from pg_publication
  union all select format('drop event trigger %I', evtname) from pg_event_trigger t where ${notOfExtension('pg_event_trigger', 't.oid')}
  union all select format('drop foreign data wrapper %I cascade', fdwname) from pg_foreign_data_wrapper w
    where ${notOfExtension('pg_foreign_data_wrapper', 'w.oid')}
  union all select format('drop extension %I cascade', extname) from pg_extension where extname <> 'plpgsql'`

/** The statements that drop what is in a database and is no subscription, and make the schema public again. */
export async function readEmptyingStatements(client: pg.ClientBase): Promise<readonly string[]> {
  const objects = await queryRows(client, schemalessObjectsQuery)
  const schemas = await queryRows(client, `select n.nspname as name from pg_namespace n where ${userSchema}`)
  return [
    ...objects.map(({ drop }) => String(drop)),
    ...schemas.map(({ name }) => `drop schema if exists ${pg.escapeIdentifier(String(name))} cascade`),
    'create schema public',
  ]
}

async function emptyDatabase(client: pg.Client): Promise<void> {
  await dropSubscriptions(client)
  for (const statement of await readEmptyingStatements(client)) await client.query(statement)
}
