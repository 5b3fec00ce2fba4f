import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Connection, tryConnect } from './connect.js'
import { withTimeout, closeClient, destroyClient } from './lifecycle.js'
import { isNoResponse } from './sqlstate.js'

/** Ends this connection, too, once the server does not answer any more. */
export type WatchClient = (client: pg.Client) => void

export interface WatchdogOptions {
  readonly connection: Connection
  /** An open connection to it, that nothing else uses from now on. */
  readonly client: pg.Client
}

const pingInterval = 5_000
const pingTimeout = 15_000
/** Attempts to connect have their own, shorter time. */
const maxUnansweredConnects = 3

/**
 * Runs `use` and asks meanwhile, on a connection of its own, whether the server answers: a network that swallows everything
 * looks like a statement that takes long. Where there is no answer for 15 s, the guarded connections are ended.
 */
export async function withWatchdog<T>(
  options: WatchdogOptions,
  use: (guard: WatchClient) => Promise<T>,
): Promise<T> {
  const watched = new Set<pg.Client>()
  const stop = new AbortController()
  const probing = pingUntilUnanswered(options, stop.signal).then((answers) => {
    if (answers) return
    const reason = new Error(`PostgreSQL has not answered for ${pingTimeout / 1_000} s`)
    for (const client of watched) destroyClient(client, reason)
  })
  try {
    return await use((client) => void watched.add(client))
  } finally {
    stop.abort()
    await probing
  }
}

/** False once the server does not answer, true when told to stop. A connection that is lost for other reasons is replaced. */
async function pingUntilUnanswered(
  { connection, client: first }: WatchdogOptions,
  signal: AbortSignal,
): Promise<boolean> {
  let client: pg.Client | null = first
  try {
    for (let unanswered = 0; await waitForNextPing(signal);) {
      const found: pg.Client | PingFailure = client ?? (await reconnect(connection))
      unanswered = found === 'silence' ? unanswered + 1 : 0
      if (unanswered === maxUnansweredConnects) return false
      client = typeof found === 'string' ? null : found
      if (client === null) continue
      const beat = await pingServer(client, signal)
      if (beat === 'silence') return false
      if (beat === 'lost') client = null
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

/** False when told to stop. */
function waitForNextPing(signal: AbortSignal): Promise<boolean> {
  return sleep(pingInterval, true, { signal, ref: false }).catch(() => false)
}
