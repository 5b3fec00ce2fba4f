import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf } from '../connection/address.js'
import { withJitter, pause } from '../connection/backoff.js'
import { classifyConnectionError, type ConnectionFailure } from '../connection/connect-errors.js'
import { type Connection, tryConnect, translateConnectionLoss } from '../connection/connect.js'
import { closeClient, type Deadline } from '../connection/lifecycle.js'
import { errorCodeOf, isResourceShortage } from '../connection/sqlstate.js'
import { lockHoldersOf, isCatalogLockedError } from '../locks/blocked-read.js'

export interface ReadRetryOptions {
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
type ReadWithClient<T> = (client: pg.Client, deadline: Deadline) => Promise<T>

/**
 * Connects and reads, waiting with backoff and jitter for a server that is not there yet, and beginning anew where the
 * connection is lost or silent, or others have locked tables. What waiting cannot mend (wrong password, no such database,
 * TLS) throws at once; SCHEMA_DATABASE_UNREACHABLE and SCHEMA_CATALOG_LOCKED after their timeouts, SCHEMA_INTERRUPTED when
 * asked to stop.
 */
export async function readWithRetry<T>(
  connection: Connection,
  { answerTimeout, ...patience }: ReadRetryOptions,
  read: ReadWithClient<T>,
): Promise<T> {
  const { signal } = patience
  const longest = Math.max(answerTimeout, patience.timeout)
  let timeout = answerTimeout
  let reason = ''
  let since = 0
  for (let delay = 100; ; delay = Math.min(delay * 2, 3_000)) {
    const tried = performance.now()
    const attempt = await tryRead(connection, { timeout, signal }, read)
    if ('value' in attempt) return attempt.value
    const { error, retry } = attempt.failure
    // A wait for one thing leaves as much time as ever for the other.
    if (error.code !== reason) since = tried
    reason = error.code
    const waited = performance.now() - since
    const locked = isCatalogLockedError(error)
    if (!retry || waited + delay > (locked ? patience.lockWaitTimeout : patience.timeout)) throw error
    reportWait(error, waited, patience)
    await pause(withJitter(delay), signal)
    if (attempt.connected && !locked) timeout = Math.min(timeout * 2, longest)
  }
}

/**
 * For work that is tried again where the connection was lost: waits before the next attempt, longer each time. Throws the
 * error that is no such loss, and the loss once the timeout since the first one has passed.
 */
export function retryOnConnectionLoss({
  timeout,
  signal,
  ...telling
}: Omit<ReadRetryOptions, 'answerTimeout' | 'lockWaitTimeout'>): (error: unknown) => Promise<void> {
  let first: number | null = null
  let delay = 500
  return async (error) => {
    first ??= performance.now()
    const waited = performance.now() - first
    if (!isRetryable(error) || waited + delay > timeout) throw error
    reportWait(error, waited, telling)
    await pause(withJitter(delay), signal)
    delay = Math.min(delay * 2, 30_000)
  }
}

type ReadAttempt<T> =
  { readonly value: T } | { readonly failure: ConnectionFailure; readonly connected: boolean }

async function tryRead<T>(
  connection: Connection,
  deadline: Deadline,
  read: ReadWithClient<T>,
): Promise<ReadAttempt<T>> {
  const attempt = await tryConnect(connection)
  if ('failure' in attempt) return { ...attempt, connected: false }
  const { client } = attempt
  try {
    return { value: await translateConnectionLoss([client], connection, () => read(client, deadline)) }
  } catch (error) {
    return { failure: retryableFailure(error, connection), connected: true }
  } finally {
    await closeClient(client)
  }
}

/** What the server cannot do for the moment is waited for, too. */
function retryableFailure(error: unknown, connection: Connection): ConnectionFailure {
  if (isResourceShortage(errorCodeOf(error))) return classifyConnectionError(error, addressOf(connection))
  if (isRetryable(error)) return { error, retry: true }
  throw error
}

function isRetryable(error: unknown): error is SchemaError {
  return (
    isCatalogLockedError(error) ||
    (error instanceof SchemaError && error.code === 'SCHEMA_DATABASE_UNREACHABLE')
  )
}

function reportWait(
  error: SchemaError,
  waited: number,
  { onWait, onLocked }: Pick<ReadRetryOptions, 'onWait' | 'onLocked'>,
): void {
  if (error.code === 'SCHEMA_CATALOG_LOCKED') onLocked(lockHoldersOf(error), waited)
  else onWait(error.message, waited)
}
