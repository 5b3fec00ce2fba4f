import { readFileSync } from 'node:fs'
import pg from 'pg'
import { addressOf } from './address.js'
import { connectionFailure, type ConnectionFailure } from './connection-failure.js'
import { pause } from './pause.js'

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
}

export interface Patience {
  /** How long to try, in milliseconds. */
  readonly timeout: number
  /** Called after each failed attempt that will be repeated. */
  readonly onWait: (reason: string, waited: number) => void
  readonly signal?: AbortSignal
}

const attemptTimeout = 5_000

/**
 * The pg settings of a connection. `connectionString` is always passed as such (Knex and pg read a bare URL differently),
 * and what it says about TLS is removed where DATABASE_SSL decides, because URL parameters beat object options.
 */
export function clientConfig({ url, ssl, applicationName }: Connection): ClientSettings {
  return {
    connectionString: ssl === null ? url : withoutTls(url),
    ...(ssl === null ? {} : { ssl: tlsOptions(ssl) }),
    fallback_application_name: applicationName.slice(0, 63),
    connectionTimeoutMillis: attemptTimeout,
    keepAlive: true,
  }
}

/** Connects once. Throws the SchemaError of what went wrong. */
export async function connect(connection: Connection): Promise<pg.Client> {
  const attempt = await tryConnect(connection)
  if ('client' in attempt) return attempt.client
  throw attempt.failure.error
}

/**
 * Connects, waiting with backoff and jitter for a server that is not there yet. What waiting cannot mend (wrong password,
 * no such database, TLS) throws at once; SCHEMA_DATABASE_UNREACHABLE after the timeout, SCHEMA_INTERRUPTED when asked to stop.
 */
export async function waitForConnection(connection: Connection, patience: Patience): Promise<pg.Client> {
  const started = performance.now()
  for (let delay = 100; ; delay = Math.min(delay * 2, 3_000)) {
    const attempt = await tryConnect(connection)
    if ('client' in attempt) return attempt.client
    const waited = performance.now() - started
    const { failure } = attempt
    if (!failure.retry || waited + delay > patience.timeout) throw failure.error
    patience.onWait(failure.error.message, waited)
    await pause(delay * (0.75 + Math.random() / 2), patience.signal)
  }
}

/** Connects, hands the client over, and ends it however that goes. */
export async function withClient<T>(
  connection: Connection,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(connection)
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

type Attempt = { readonly client: pg.Client } | { readonly failure: ConnectionFailure }

async function tryConnect(connection: Connection): Promise<Attempt> {
  const client = new pg.Client(clientConfig(connection))
  // A connection lost while idle shows in the next query; without a listener it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    return { client }
  } catch (error) {
    await client.end()
    return { failure: connectionFailure(error, addressOf(connection)) }
  }
}

function tlsOptions(ssl: string): NonNullable<ClientSettings['ssl']> {
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

function withoutTls(url: string): string {
  const parsed = new URL(url)
  const names = [...parsed.searchParams.keys()]
  for (const name of names)
    if (name.startsWith('ssl') || name === 'uselibpqcompat') parsed.searchParams.delete(name)
  return parsed.href
}
