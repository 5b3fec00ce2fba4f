import type pg from 'pg'
import { sleepUnlessAborted } from './backoff.js'
import { type Connection, tryConnect } from './connect.js'
import { withTimeout, closeClient, destroyClient } from './lifecycle.js'
import { isNoResponse } from './sqlstate.js'

/** Also closes this connection once the server stops answering. */
export type WatchClient = (client: pg.Client) => void

const pingInterval = 5_000
const pingTimeout = 15_000
/** An attempt to connect has a shorter timeout of its own. */
const maxUnansweredConnects = 3

/**
 * Runs `use`, and pings the server meanwhile on `client`, which nothing else may use: a network that drops all packets looks
 * like a slow statement. After 15 s without an answer it closes the watched connections.
 */
export async function withWatchdog<T>(
  connection: Connection,
  client: pg.Client,
  use: (watch: WatchClient) => Promise<T>,
): Promise<T> {
  const watched = new Set<pg.Client>()
  const stop = new AbortController()
  const pinging = pingUntilUnanswered(connection, client, stop.signal).then((answered) => {
    if (answered) return
    const reason = new Error(`PostgreSQL has not answered for ${pingTimeout / 1_000} s`)
    for (const other of watched) destroyClient(other, reason)
  })
  try {
    return await use((other) => void watched.add(other))
  } finally {
    stop.abort()
    await pinging
  }
}

/** False once the server does not answer, true when the signal aborts. Replaces a connection that was lost otherwise. */
async function pingUntilUnanswered(
  connection: Connection,
  first: pg.Client,
  signal: AbortSignal,
): Promise<boolean> {
  let client: pg.Client | null = first
  try {
    for (let unanswered = 0; await sleepUnlessAborted(pingInterval, signal);) {
      const found: pg.Client | PingFailure = client ?? (await reconnect(connection))
      unanswered = found === 'silence' ? unanswered + 1 : 0
      if (unanswered === maxUnansweredConnects) return false
      client = typeof found === 'string' ? null : found
      if (client === null) continue
      const answer = await pingServer(client, signal)
      if (answer === 'silence') return false
      if (answer === 'lost') client = null
    }
    return true
  } finally {
    if (client !== null) await closeClient(client)
  }
}

type PingFailure = 'silence' | 'lost'

async function reconnect(connection: Connection): Promise<pg.Client | PingFailure> {
  const attempt = await tryConnect(connection)
  if ('client' in attempt) return attempt.client
  return isNoResponse(attempt.failure.error.cause) ? 'silence' : 'lost'
}

async function pingServer(client: pg.Client, signal: AbortSignal): Promise<'answer' | PingFailure> {
  try {
    await withTimeout(client, { timeout: pingTimeout, signal }, () => client.query('select 1'))
    return 'answer'
  } catch (error) {
    await closeClient(client)
    return isNoResponse(error) ? 'silence' : 'lost'
  }
}
