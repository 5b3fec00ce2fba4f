import type pg from 'pg'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { type DatabaseAddress, describeAddress } from './address.js'
import { pause, withJitter } from './backoff.js'
import { queryRows, type Row } from './query.js'
import { hasSqlState, sqlState } from './sqlstate.js'

/** In milliseconds: a limit does not change by waiting. */
const longestWait = 3_000

/**
 * Repeats an attempt to connect for some seconds while no connection is left: PostgreSQL frees the place of a connection
 * that was closed a moment later.
 */
export async function waitForPlace<T>(attempt: () => Promise<T>): Promise<T> {
  const started = performance.now()
  for (;;)
    try {
      return await attempt()
    } catch (error) {
      if (!isLimitReached(error) || performance.now() - started > longestWait) throw error
      await pause(withJitter(200), undefined)
    }
}

/** Whether an error of connecting says that no connection is left. */
export function isLimitReached(error: unknown): boolean {
  const cause = error instanceof SchemaError ? error.cause : error
  return hasSqlState(cause, sqlState.tooManyConnections)
}

/** The error of a second connection that was refused. The first one, `client`, reads which limits there are. */
export async function secondConnectionError(
  cause: unknown,
  client: pg.ClientBase,
  address: DatabaseAddress,
): Promise<SchemaError> {
  const [row = {}] = await queryRows(client, limitsQuery)
  const limits = limitsOf(row)
  const reached = limits.find(({ limit, used }) => limit !== null && used >= limit) ?? limits.at(-1)
  return new SchemaError('SCHEMA_CONNECTIONS_EXHAUSTED', {
    what: `Migrating needs two connections at a time and got one: ${reached?.name ?? 'the server'} has no other left. Nothing was done.`,
    facts: [['database', describeAddress(address)], ...limits.map(limitFact)],
    choices: [
      ...(reached === undefined ? [] : [reached.choice]),
      ['select pid, usename, application_name from pg_stat_activity', 'shows who has the others'],
    ],
    cause,
  })
}

interface ConnectionLimit {
  readonly name: string
  readonly setting: string
  /** Null where there is none. */
  readonly limit: number | null
  readonly used: number
  readonly choice: ErrorChoice
}

const limitsQuery = `select quote_ident(r.rolname) as role, r.rolconnlimit as role_limit,
    (select count(*)::int from pg_stat_activity a where a.usesysid = r.oid) as role_used,
    quote_ident(d.datname) as database, d.datconnlimit as database_limit,
    (select count(*)::int from pg_stat_activity a where a.datid = d.oid and a.backend_type = 'client backend') as database_used,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as server_limit,
    (select count(*)::int from pg_stat_activity a where a.backend_type = 'client backend') as server_used
  from pg_roles r, pg_database d where r.rolname = session_user and d.datname = current_database()`

function limitsOf(row: Row): readonly ConnectionLimit[] {
  const role = String(row['role'])
  const database = String(row['database'])
  return [
    {
      name: `role ${role}`,
      setting: 'CONNECTION LIMIT',
      limit: limitOf(row['role_limit']),
      used: Number(row['role_used']),
      choice: [`alter role ${role} connection limit 4`, 'allows more of this role'],
    },
    {
      name: `database ${database}`,
      setting: 'CONNECTION LIMIT',
      limit: limitOf(row['database_limit']),
      used: Number(row['database_used']),
      choice: [`alter database ${database} connection limit 4`, 'allows more to this database'],
    },
    {
      name: 'the server',
      setting: 'max_connections without those reserved',
      limit: limitOf(row['server_limit']),
      used: Number(row['server_used']),
      choice: ['max_connections', 'raise it on the server, or close other connections'],
    },
  ]
}

/** PostgreSQL writes -1 where there is no limit. */
function limitOf(value: unknown): number | null {
  const limit = Number(value)
  return limit < 0 ? null : limit
}

function limitFact({ name, setting, limit, used }: ConnectionLimit): ErrorFact {
  return [name, `${limit === null ? `no ${setting}` : `${setting} ${limit}`}, ${used} in use`]
}
