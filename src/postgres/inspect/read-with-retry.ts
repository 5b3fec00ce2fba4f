import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf } from '../connection/address.js'
import { withJitter, pause } from '../connection/backoff.js'
import { classifyConnectionError, type ConnectionFailure } from '../connection/connect-errors.js'
import { type Connection, tryConnect, translateConnectionLoss } from '../connection/connect.js'
import { closeClient, type Deadline } from '../connection/lifecycle.js'
import { driverErrorCode, isResourceShortage } from '../connection/sqlstate.js'
import { lockHoldersOf, isCatalogLockedError } from '../locks/blocked-read.js'

export interface ReadRetryOptions {
  /** How long to retry a lost or refused connection, in milliseconds. */
  readonly timeout: number
  /** How long the first read may take, in milliseconds. Each lost connection doubles it. */
  readonly answerTimeout: number
  /** How long to wait for sessions that have locked tables, in milliseconds. */
  readonly lockWaitTimeout: number
  /** Called before each retry; `waited` is in milliseconds. */
  readonly onWait: (reason: string, waited: number) => void
  /** Called instead of `onWait` where these sessions have locked tables. */
  readonly onLocked: (holders: string | null, waited: number) => void
  /** Called with the client after each attempt that found tables locked. */
  readonly whileLocked?: (client: pg.ClientBase) => Promise<void>
  readonly signal?: AbortSignal
}

/** In milliseconds: a limit of the role or the database does not change by waiting. */
const longestWaitForConnection = 5_000

function longestWaitFor({ code }: SchemaError, { timeout, lockWaitTimeout }: ReadRetryOptions): number {
  if (code === 'SCHEMA_CATALOG_LOCKED') return lockWaitTimeout
  return code === 'SCHEMA_CONNECTIONS_EXHAUSTED' ? Math.min(timeout, longestWaitForConnection) : timeout
}

/** Reads with a client, using `withTimeout` with this deadline. */
type ReadWithClient<T> = (client: pg.Client, deadline: Deadline) => Promise<T>

/**
 * Connects and reads. Retries with backoff and jitter while the server is not up, the connection is lost or does not answer,
 * or other sessions have locked tables. Throws SCHEMA_DATABASE_UNREACHABLE and SCHEMA_CATALOG_LOCKED after their timeouts,
 * SCHEMA_INTERRUPTED when the signal aborts, and at once what a retry cannot change: a wrong password, a missing database,
 * TLS.
 */
export async function readWithRetry<T>(
  connection: Connection,
  options: ReadRetryOptions,
  read: ReadWithClient<T>,
): Promise<T> {
  const { timeout, signal } = options
  let answerTimeout = options.answerTimeout
  let lastCode = ''
  let waitingSince = 0
  for (let delay = 100; ; delay = Math.min(delay * 2, 3_000)) {
    const started = performance.now()
    const attempt = await tryRead(connection, { ...options, answerTimeout }, read)
    if ('value' in attempt) return attempt.value
    const { error, retry } = attempt.failure
    // Waiting for a lock does not use up the time to wait for the server, nor the other way round.
    if (error.code !== lastCode) waitingSince = started
    lastCode = error.code
    const waited = performance.now() - waitingSince
    const isLocked = isCatalogLockedError(error)
    if (!retry || waited + delay > longestWaitFor(error, options)) throw error
    reportWait(error, waited, options)
    await pause(withJitter(delay), signal)
    if (attempt.connected && !isLocked)
      answerTimeout = Math.min(answerTimeout * 2, Math.max(options.answerTimeout, timeout))
  }
}

/**
 * Returns a function to call with each error of work that is retried after a lost connection. It waits before the next
 * attempt, longer each time. It throws an error that is no lost connection, and any error once `timeout` has passed since
 * the first one.
 */
export function retryOnConnectionLoss(options: ReadRetryOptions): (error: unknown) => Promise<void> {
  const { timeout, signal } = options
  let first: number | null = null
  let delay = 500
  return async (error) => {
    first ??= performance.now()
    const waited = performance.now() - first
    if (!isRetryable(error) || waited + delay > timeout) throw error
    reportWait(error, waited, options)
    await pause(withJitter(delay), signal)
    delay = Math.min(delay * 2, 30_000)
  }
}

type ReadAttempt<T> =
  { readonly value: T } | { readonly failure: ConnectionFailure; readonly connected: boolean }

async function tryRead<T>(
  connection: Connection,
  { answerTimeout: timeout, signal, whileLocked }: ReadRetryOptions,
  read: ReadWithClient<T>,
): Promise<ReadAttempt<T>> {
  const attempt = await tryConnect(connection)
  if ('failure' in attempt) return { ...attempt, connected: false }
  const { client } = attempt
  try {
    return {
      value: await translateConnectionLoss([client], connection, () => read(client, { timeout, signal })),
    }
  } catch (error) {
    const failure = retryableFailure(error, connection)
    // It is tried again, whatever comes of this.
    if (isCatalogLockedError(error)) await whileLocked?.(client).catch(() => {})
    return { failure, connected: true }
  } finally {
    await closeClient(client)
  }
}

/** Also retries where the server lacks resources at the moment. */
function retryableFailure(error: unknown, connection: Connection): ConnectionFailure {
  if (isResourceShortage(driverErrorCode(error))) return classifyConnectionError(error, addressOf(connection))
  if (isRetryable(error)) return { error, retry: true }
  throw error
}

function isRetryable(error: unknown): error is SchemaError {
  return (
    isCatalogLockedError(error) ||
    (error instanceof SchemaError && error.code === 'SCHEMA_DATABASE_UNREACHABLE')
  )
}

function reportWait(error: SchemaError, waited: number, { onWait, onLocked }: ReadRetryOptions): void {
  if (error.code === 'SCHEMA_CATALOG_LOCKED') onLocked(lockHoldersOf(error), waited)
  else onWait(error.message, waited)
}
