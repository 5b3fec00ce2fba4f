import { readFileSync } from 'node:fs'
import pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf } from './address.js'
import { classifyConnectionError, type ConnectionFailure, connectionLossError } from './connect-errors.js'
import { withTimeout, closeClient, isSessionLost, trackConnectionLoss } from './lifecycle.js'

/** How to reach a database. */
export interface Connection {
  /** postgres:// URL, with its password. Never to be shown: show `addressOf(connection)`. */
  readonly url: string
  /** DATABASE_SSL: `disable`, `no-verify`, `verify`, the path of a certificate authority, or null to let the URL say. */
  readonly ssl: string | null
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
}

/** Settings that pg's Client and Knex both take. */
export interface ClientSettings {
  readonly connectionString: string
  readonly ssl?: boolean | { readonly rejectUnauthorized: boolean; readonly ca?: string }
  readonly fallback_application_name: string
  readonly connectionTimeoutMillis: number
  readonly keepAlive: boolean
  readonly keepAliveInitialDelayMillis: number
}

const connectAttemptTimeout = 5_000

/** After so long without traffic the network is asked whether the other side is still there. */
const keepAliveDelay = 10_000

/**
 * The pg settings of a connection. `connectionString` is always passed as such (Knex and pg read a bare URL differently),
 * and what it says about TLS is removed where DATABASE_SSL decides, because URL parameters beat object options.
 */
export function toClientSettings({ url, ssl, applicationName }: Connection): ClientSettings {
  return {
    connectionString: ssl === null ? url : removeTlsParameters(url),
    ...(ssl === null ? {} : { ssl: toTlsOptions(ssl) }),
    fallback_application_name: applicationName.slice(0, 63),
    connectionTimeoutMillis: connectAttemptTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelay,
  }
}

/** Connects once. Throws the SchemaError of what went wrong. */
export async function connect(connection: Connection): Promise<pg.Client> {
  const attempt = await tryConnect(connection)
  if ('client' in attempt) return attempt.client
  throw attempt.failure.error
}

/**
 * Connects, hands the client over, and ends it however that goes. Throws SCHEMA_DATABASE_UNREACHABLE where `use` fails
 * because the connection was lost.
 */
export async function withClient<T>(
  connection: Connection,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(connection)
  try {
    return await translateConnectionLoss([client], connection, () => use(client))
  } finally {
    await closeClient(client)
  }
}

/** Runs `use`; where it fails because one of the clients lost its connection, throws SCHEMA_DATABASE_UNREACHABLE. */
export async function translateConnectionLoss<T>(
  clients: readonly pg.ClientBase[],
  connection: Connection,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use()
  } catch (error) {
    if (error instanceof SchemaError || !isSessionLost(error, clients)) throw error
    throw connectionLossError(error, addressOf(connection))
  }
}

type ConnectAttempt = { readonly client: pg.Client } | { readonly failure: ConnectionFailure }

/** Connects once; what keeps it from connecting is a value, with whether waiting can mend it. */
export async function tryConnect(connection: Connection): Promise<ConnectAttempt> {
  try {
    return { client: await openClient(connection) }
  } catch (error) {
    return { failure: classifyConnectionError(error, addressOf(connection)) }
  }
}

async function openClient(connection: Connection): Promise<pg.Client> {
  // pg's own timer would give up whenever this process was stopped for so long.
  const client = new pg.Client({ ...toClientSettings(connection), connectionTimeoutMillis: 0 })
  trackConnectionLoss(client)
  try {
    await withTimeout(client, { timeout: connectAttemptTimeout }, () => client.connect())
    return client
  } catch (error) {
    await closeClient(client)
    throw error
  }
}

function toTlsOptions(ssl: string): NonNullable<ClientSettings['ssl']> {
  switch (ssl) {
    case 'disable':
      return false
    case 'no-verify':
      return { rejectUnauthorized: false }
    case 'verify':
      return { rejectUnauthorized: true }
    default:
      return { rejectUnauthorized: true, ca: readFileSync(ssl, 'utf8') }
  }
}

function removeTlsParameters(url: string): string {
  const parsed = new URL(url)
  const names = [...parsed.searchParams.keys()]
  for (const name of names)
    if (name.startsWith('ssl') || name === 'uselibpqcompat') parsed.searchParams.delete(name)
  return parsed.href
}
