import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { type Connection, withClient } from '../connection/connect.js'
import { withTimeout } from '../connection/lifecycle.js'
import { queryRows } from '../connection/query.js'
import { lockHeldByCondition } from '../locks/advisory-lock.sql.js'

/** In milliseconds: the holder of the lock must not wait for a network that drops every packet. */
const probeTimeout = 15_000

/**
 * Proves that the service's connection reaches the database that is being migrated: it sees the lock that the session holds
 * there. A standby does not show locks, so there the identifiers of server and database have to be the same.
 * Throws SCHEMA_WRONG_DATABASE.
 */
export async function requireSameDatabase(
  { client, pid }: { readonly client: pg.Client; readonly pid: number },
  connection: Connection,
  serviceConnection: Connection,
  tableName: string,
): Promise<void> {
  const reachesSame = async (service: pg.Client): Promise<boolean> => {
    const [row] = await queryRows(
      service,
      `select ${lockHeldByCondition(tableName, pid)} as held, pg_is_in_recovery() as standby`,
    )
    if (row?.['held'] === true) return true
    return row?.['standby'] === true && (await readDatabaseId(service)) === (await readDatabaseId(client))
  }
  const isSame = await withClient(serviceConnection, (service) =>
    withTimeout(service, { timeout: probeTimeout }, () => reachesSame(service)),
  )
  if (!isSame) throw differentDatabaseError(connection, serviceConnection)
}

/** Identifies a database on whatever server, by whatever address it is reached. */
export async function readDatabaseId(client: pg.ClientBase): Promise<string> {
  const [row] = await queryRows(
    client,
    `select system_identifier || '/' || (select oid from pg_database where datname = current_database()) as id
      from pg_control_system()`,
  )
  return String(row?.['id'])
}

function differentDatabaseError(connection: Connection, serviceConnection: Connection): SchemaError {
  return new SchemaError('SCHEMA_WRONG_DATABASE', {
    what: 'MIGRATION_DATABASE_URL and DATABASE_URL reach different databases: the service would not see what is migrated. Nothing was done.',
    facts: [
      ['migrating', describeAddress(addressOf(connection))],
      ['service', describeAddress(addressOf(serviceConnection))],
    ],
    choices: [
      ['schemagate config', 'shows where each URL comes from'],
      [
        'MIGRATION_DATABASE_URL',
        'names the same database with another role, or past a pooler; without it DATABASE_URL migrates',
      ],
    ],
  })
}
