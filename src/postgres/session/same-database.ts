import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { type Connection, withClient } from '../connection/connect.js'
import { withTimeout } from '../connection/lifecycle.js'
import { queryRows } from '../connection/query.js'
import { lockHeldByCondition } from '../locks/advisory-lock.js'
import type { KnexSession } from './knex-session.js'

export interface ConnectionPair {
  /** What migrates: MIGRATION_DATABASE_URL. */
  readonly connection: Connection
  /** What the service uses: DATABASE_URL. */
  readonly serviceConnection: Connection
  readonly tableName: string
}

/** In milliseconds: whoever holds the lock must not wait for a network that swallows everything. */
const probeTimeout = 15_000

/**
 * Proves that the service's connection leads to the database that is being migrated: there it sees the lock that the
 * session holds. On a standby, where locks do not show, the server's and the database's own numbers have to be the same.
 * Throws SCHEMA_WRONG_DATABASE.
 */
export async function requireSameDatabase(
  { client, pid }: KnexSession,
  migrating: ConnectionPair,
): Promise<void> {
  const { serviceConnection, tableName } = migrating
  const look = async (service: pg.Client): Promise<boolean> => {
    const [seen] = await queryRows(
      service,
      `select ${lockHeldByCondition(tableName, pid)} as held, pg_is_in_recovery() as standby`,
    )
    if (seen?.['held'] === true) return true
    return seen?.['standby'] === true && (await readDatabaseId(service)) === (await readDatabaseId(client))
  }
  const isSame = await withClient(serviceConnection, (service) =>
    withTimeout(service, { timeout: probeTimeout }, () => look(service)),
  )
  if (!isSame) throw differentDatabaseError(migrating)
}

async function readDatabaseId(client: pg.ClientBase): Promise<string> {
  const [row] = await queryRows(
    client,
    `select system_identifier || '/' || (select oid from pg_database where datname = current_database()) as numbers
      from pg_control_system()`,
  )
  return String(row?.['numbers'])
}

function differentDatabaseError({ connection, serviceConnection }: ConnectionPair): SchemaError {
  return new SchemaError('SCHEMA_WRONG_DATABASE', {
    what: 'MIGRATION_DATABASE_URL and DATABASE_URL lead to different databases: the service would not see what is migrated. Nothing was done.',
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
