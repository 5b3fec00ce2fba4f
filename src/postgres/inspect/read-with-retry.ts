import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf } from '../connection/address.js'
import { jittered, pause } from '../connection/backoff.js'
import { connectionFailure, type ConnectionFailure, isShortage } from '../connection/connect-errors.js'
import { type Connection, tryConnect, withLossTold } from '../connection/connect.js'
import { close, type Deadline } from '../connection/lifecycle.js'
import { holdersIn, isCatalogLocked } from '../locks/blocked-read.js'

export interface Patience {
  /** How long to try, in milliseconds. */
  readonly timeout: number
  /** How long the first reading may take, in milliseconds; after a connection that was lost twice as long. */
  readonly answerTimeout: number
  /** How long to wait for others who have locked tables that have to be read, in milliseconds. */
  readonly lockWaitTimeout: number
  /** Called after each failed attempt that will be repeated. */
  readonly onWait: (reason: string, waited: number) => void
  /** The same, where it is for tables that these sessions have locked. */
  readonly onLocked: (holders: string | null, waited: number) => void
  readonly signal?: AbortSignal
}

/** Reads with a client; the deadline is for `answered`, around what waits for the server. */
type Read<T> = (client: pg.Client, deadline: Deadline) => Promise<T>

/**
 * Connects and reads, waiting with backoff and jitter for a server that is not there yet, and beginning anew where the
 * connection is lost or silent, or others have locked tables. What waiting cannot mend (wrong password, no such database,
 * TLS) throws at once; SCHEMA_DATABASE_UNREACHABLE and SCHEMA_CATALOG_LOCKED after their timeouts, SCHEMA_INTERRUPTED when
 * asked to stop.
 */
export async function readPatiently<T>(
  connection: Connection,
  { answerTimeout, ...patience }: Patience,
  read: Read<T>,
): Promise<T> {
  const { signal } = patience
  const longest = Math.max(answerTimeout, patience.timeout)
  let timeout = answerTimeout
  let reason = ''
  let since = 0
  for (let delay = 100; ; delay = Math.min(delay * 2, 3_000)) {
    const tried = performance.now()
    const attempt = await tryToRead(connection, { timeout, signal }, read)
    if ('value' in attempt) return attempt.value
    const { error, retry } = attempt.failure
    // A wait for one thing leaves as much time as ever for the other.
    if (error.code !== reason) since = tried
    reason = error.code
    const waited = performance.now() - since
    const locked = isCatalogLocked(error)
    if (!retry || waited + delay > (locked ? patience.lockWaitTimeout : patience.timeout)) throw error
    tell(error, waited, patience)
    await pause(jittered(delay), signal)
    if (attempt.connected && !locked) timeout = Math.min(timeout * 2, longest)
  }
}

/**
 * For work that is tried again where the connection was lost: waits before the next attempt, longer each time. Throws the
 * error that is no such loss, and the loss once the timeout since the first one has passed.
 */
export function bearLosses({
  timeout,
  signal,
  ...telling
}: Omit<Patience, 'answerTimeout' | 'lockWaitTimeout'>): (error: unknown) => Promise<void> {
  let first: number | null = null
  let delay = 500
  return async (error) => {
    first ??= performance.now()
    const waited = performance.now() - first
    if (!isPassing(error) || waited + delay > timeout) throw error
    tell(error, waited, telling)
    await pause(jittered(delay), signal)
    delay = Math.min(delay * 2, 30_000)
  }
}

type Attempt<T> = { readonly value: T } | { readonly failure: ConnectionFailure; readonly connected: boolean }

async function tryToRead<T>(connection: Connection, deadline: Deadline, read: Read<T>): Promise<Attempt<T>> {
  const attempt = await tryConnect(connection)
  if ('failure' in attempt) return { ...attempt, connected: false }
  const { client } = attempt
  try {
    return { value: await withLossTold([client], connection, () => read(client, deadline)) }
  } catch (error) {
    return { failure: failureOf(error, connection), connected: true }
  } finally {
    await close(client)
  }
}

/** What the server cannot do for the moment is waited for, too. */
function failureOf(error: unknown, connection: Connection): ConnectionFailure {
  if (isShortage(error)) return connectionFailure(error, addressOf(connection))
  if (isPassing(error)) return { error, retry: true }
  throw error
}

function isPassing(error: unknown): error is SchemaError {
  return (
    isCatalogLocked(error) || (error instanceof SchemaError && error.code === 'SCHEMA_DATABASE_UNREACHABLE')
  )
}

function tell(
  error: SchemaError,
  waited: number,
  { onWait, onLocked }: Pick<Patience, 'onWait' | 'onLocked'>,
): void {
  if (error.code === 'SCHEMA_CATALOG_LOCKED') onLocked(holdersIn(error), waited)
  else onWait(error.message, waited)
}
