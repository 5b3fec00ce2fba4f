import { readFileSync } from 'node:fs'
import pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf } from './address.js'
import { classifyConnectionError, type ConnectionFailure, connectionLossError } from './connect-errors.js'
import { withTimeout, closeClient, isSessionLost, trackConnectionLoss } from './lifecycle.js'

/** How to reach a database. */
export interface Connection {
  /** A postgres:// URL with its password. Never show it: show `addressOf(connection)`. */
  readonly url: string
  /** DATABASE_SSL: `disable`, `no-verify`, `verify`, the path of a certificate authority, or null where the URL decides. */
  readonly ssl: string | null
  /** What pg_stat_activity shows. */
  readonly applicationName: string
}

/** Settings for pg's Client and for Knex. */
export interface ClientSettings {
  readonly connectionString: string
  readonly ssl?: boolean | { readonly rejectUnauthorized: boolean; readonly ca?: string }
  readonly fallback_application_name: string
  readonly connectionTimeoutMillis: number
  readonly keepAlive: boolean
  readonly keepAliveInitialDelayMillis: number
}

const connectAttemptTimeout = 5_000

/** Milliseconds without traffic after which the operating system checks that the other side is still there. */
const keepAliveDelay = 10_000

/**
 * The pg settings of a connection. The URL is always passed as `connectionString`, because Knex and pg parse a bare URL
 * differently. Where DATABASE_SSL decides, the TLS parameters of the URL are removed: they would override `ssl`.
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

/** Connects once. Throws a SchemaError that says why it failed. */
export async function connect(connection: Connection): Promise<pg.Client> {
  const attempt = await tryConnect(connection)
  if ('client' in attempt) return attempt.client
  throw attempt.failure.error
}

/**
 * Connects, runs `use` with the client, and always closes it. Throws SCHEMA_DATABASE_UNREACHABLE where `use` fails because
 * the connection was lost.
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

/** Runs `use`. Throws SCHEMA_DATABASE_UNREACHABLE where it fails because one of the clients lost its connection. */
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

/** Connects once, and returns a failure instead of throwing it. */
export async function tryConnect(connection: Connection): Promise<ConnectAttempt> {
  try {
    return { client: await openClient(connection) }
  } catch (error) {
    return { failure: classifyConnectionError(error, addressOf(connection)) }
  }
}

async function openClient(connection: Connection): Promise<pg.Client> {
  // pg's own timer also fires where this process was suspended for that long.
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
