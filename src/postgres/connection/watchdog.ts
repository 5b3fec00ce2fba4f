import type pg from 'pg'
import { watchdogName } from './application-name.js'
import { sleepUnlessAborted } from './backoff.js'
import { connect, type Connection, tryConnect } from './connect.js'
import { waitForPlace } from './connection-limit.js'
import { withTimeout, closeClient, destroyClient } from './lifecycle.js'
import { disableServerTimeouts, setServerParameters } from './settings.js'
import { isNoResponse } from './sqlstate.js'
import { takeTurns } from './take-turns.js'

/** The second connection of a process that migrates: it asks the server while the first one runs a statement. */
export interface Watchdog {
  /** Also closes this connection once the server stops answering. */
  readonly watch: (client: pg.Client) => void
  /** Names for which session it pings: others see from its pings that the process of that session is there. */
  readonly pingFor: (pid: number) => Promise<void>
  /** The connection that pings. Others may use it for what takes a moment: their queries take turns. */
  readonly client: () => pg.Client
  /** Closes that connection while `use` runs, which may open a different one in its place. */
  readonly withoutClient: <T>(use: () => Promise<T>) => Promise<T>
}

const pingInterval = 5_000
const pingTimeout = 15_000
/** An attempt to connect has a shorter timeout of its own. */
const maxUnansweredConnects = 3

/**
 * Connects, runs `use`, and pings the server meanwhile: a network that drops all packets looks like a slow statement. After
 * 15 s without an answer it closes the watched connections.
 */
export async function withWatchdog<T>(
  connection: Connection,
  use: (watchdog: Watchdog) => Promise<T>,
): Promise<T> {
  const watched = new Set<pg.Client>()
  const stop = new AbortController()
  const place: PingPlace = { client: await open(connection), isLent: false, pid: null }
  const pinging = pingUntilUnanswered(connection, place, stop.signal).then((answered) => {
    if (answered) return
    const reason = new Error(`PostgreSQL has not answered for ${pingTimeout / 1_000} s`)
    for (const other of watched) destroyClient(other, reason)
  })
  try {
    return await use({
      watch: (other) => void watched.add(other),
      pingFor: async (pid) => {
        place.pid = pid
        await configure(place.client, pid)
      },
      client: () => place.client,
      withoutClient: (borrow) => lendPlace(place, connection, borrow),
    })
  } finally {
    stop.abort()
    await pinging
    await closeClient(place.client)
  }
}

/** The connection that pings; there are no pings while its place is lent. */
interface PingPlace {
  client: pg.Client
  isLent: boolean
  /** The session it pings for; null before there is one. */
  pid: number | null
}

async function open(connection: Connection, pid: number | null = null): Promise<pg.Client> {
  return prepare(await waitForPlace(() => connect(connection)), pid)
}

async function prepare(client: pg.Client, pid: number | null): Promise<pg.Client> {
  if (pid !== null) await configure(client, pid)
  return takeTurns(client)
}

/** Not before it is known that no pooler shares the session with others. */
async function configure(client: pg.Client, pid: number): Promise<void> {
  await disableServerTimeouts(client)
  await setServerParameters(client, { application_name: watchdogName(pid) }, 'session')
}

async function lendPlace<T>(place: PingPlace, connection: Connection, use: () => Promise<T>): Promise<T> {
  place.isLent = true
  await closeClient(place.client)
  const result = await use()
  place.client = await open(connection, place.pid)
  place.isLent = false
  return result
}

/** False once the server does not answer, true when the signal aborts. Replaces a connection that was lost otherwise. */
async function pingUntilUnanswered(
  connection: Connection,
  place: PingPlace,
  signal: AbortSignal,
): Promise<boolean> {
  let isLost = false
  for (let unanswered = 0; await sleepUnlessAborted(pingInterval, signal);) {
    if (place.isLent) continue
    if (isLost) {
      const failure = await reconnect(connection, place)
      unanswered = failure === 'silence' ? unanswered + 1 : 0
      if (unanswered === maxUnansweredConnects) return false
      isLost = failure !== null
    } else {
      const failure = await pingServer(place.client, signal)
      if (failure === 'silence') return false
      isLost = failure !== null
    }
  }
  return true
}

type PingFailure = 'silence' | 'lost'

async function reconnect(connection: Connection, place: PingPlace): Promise<PingFailure | null> {
  const attempt = await tryConnect(connection)
  if ('failure' in attempt) return isNoResponse(attempt.failure.error.cause) ? 'silence' : 'lost'
  try {
    place.client = await prepare(attempt.client, place.pid)
    return null
  } catch {
    await closeClient(attempt.client)
    return 'lost'
  }
}

async function pingServer(client: pg.Client, signal: AbortSignal): Promise<PingFailure | null> {
  try {
    await withTimeout(client, { timeout: pingTimeout, signal }, () => client.query('select 1'))
    return null
  } catch (error) {
    await closeClient(client)
    return isNoResponse(error) ? 'silence' : 'lost'
  }
}
