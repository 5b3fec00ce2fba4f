import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { type Connection, withClient } from '../connection/connect.js'
import { answered } from '../connection/lifecycle.js'
import { queryRows } from '../connection/query.js'
import { lockIsHeldBy } from '../locks/advisory-lock.js'
import type { Session } from './knex-session.js'

export interface Migrating {
  /** What migrates: MIGRATION_DATABASE_URL. */
  readonly connection: Connection
  /** What the service uses: DATABASE_URL. */
  readonly witness: Connection
  readonly tableName: string
}

/** In milliseconds: whoever holds the lock must not wait for a network that swallows everything. */
const patience = 15_000

/**
 * Proves that the service's connection leads to the database that is being migrated: there it sees the lock that the
 * session holds. On a standby, where locks do not show, the server's and the database's own numbers have to be the same.
 * Throws SCHEMA_WRONG_DATABASE.
 */
export async function refuseElsewhere({ client, pid }: Session, migrating: Migrating): Promise<void> {
  const { witness, tableName } = migrating
  const look = async (service: pg.Client): Promise<boolean> => {
    const [seen] = await queryRows(
      service,
      `select ${lockIsHeldBy(tableName, pid)} as held, pg_is_in_recovery() as standby`,
    )
    if (seen?.['held'] === true) return true
    return seen?.['standby'] === true && (await numbersOf(service)) === (await numbersOf(client))
  }
  const isSame = await withClient(witness, (service) =>
    answered(service, { timeout: patience }, () => look(service)),
  )
  if (!isSame) throw elsewhere(migrating)
}

async function numbersOf(client: pg.ClientBase): Promise<string> {
  const [row] = await queryRows(
    client,
    `select system_identifier || '/' || (select oid from pg_database where datname = current_database()) as numbers
      from pg_control_system()`,
  )
  return String(row?.['numbers'])
}

function elsewhere({ connection, witness }: Migrating): SchemaError {
  return new SchemaError('SCHEMA_WRONG_DATABASE', {
    what: 'MIGRATION_DATABASE_URL and DATABASE_URL lead to different databases: the service would not see what is migrated. Nothing was done.',
    facts: [
      ['migrating', describeAddress(addressOf(connection))],
      ['service', describeAddress(addressOf(witness))],
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
