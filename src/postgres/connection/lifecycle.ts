import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { isConnectionLost } from './sqlstate.js'

const lostClients = new WeakSet<pg.ClientBase>()

/** Keeps in mind whether the connection of this client is lost. Without a listener its loss would end the process. */
export function trackConnectionLoss(client: pg.ClientBase): void {
  client.on('error', () => void lostClients.add(client))
}

/** Whether one of these clients has lost its connection, or an error of the server says that it ended the session. */
export function isSessionLost(error: unknown, clients: readonly pg.ClientBase[]): boolean {
  return clients.some((client) => lostClients.has(client)) || isConnectionLost(error)
}

/** Ends a connection without a word to the server, which may not answer. What runs on it fails with this error. */
export function destroyClient(client: pg.Client, reason: Error): void {
  lostClients.add(client)
  client.connection.stream.destroy(reason)
}

const clientCloseTimeout = 1_000

/** Ends a connection; a server that does not answer is not waited for. */
export async function closeClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), clientCloseTimeout)
  await client.end().finally(() => clearTimeout(timer))
}

/** A deadline is over after so many parts: a process that was stopped meanwhile, however long, loses one of them. */
const timeoutParts = 5

export interface Deadline {
  /** Milliseconds. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

/** Waits for what runs on this client. Where no answer comes in time, or when asked to stop, the connection ends, and it throws. */
export async function withTimeout<T>(
  client: pg.Client,
  { timeout, signal }: Deadline,
  run: () => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw readInterruptedError()
  const { promise, reject } = createRejection()
  const giveUp = (error: Error): void => {
    destroyClient(client, error)
    reject(error)
  }
  const silence = `no answer within ${timeout} ms`
  const late = (): void => giveUp(Object.assign(new Error(silence), { code: 'ETIMEDOUT' }))
  let left = timeoutParts
  let last: NodeJS.Timeout | undefined
  const timer = setInterval(() => {
    left -= 1
    // An answer that has arrived is read before this timer.
    if (left === 0) last = setTimeout(late, 1)
  }, timeout / timeoutParts)
  const asked = (): void => giveUp(readInterruptedError())
  signal?.addEventListener('abort', asked)
  try {
    return await Promise.race([run(), promise])
  } finally {
    clearInterval(timer)
    clearTimeout(last)
    signal?.removeEventListener('abort', asked)
  }
}

function createRejection(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject = (_error: Error): void => {}
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse
  })
  return { promise, reject }
}

function readInterruptedError(): SchemaError {
  return new SchemaError('SCHEMA_INTERRUPTED', {
    what: 'Reading the database was stopped on request. Nothing was done.',
    choices: [['run it again', 'begins anew']],
  })
}
