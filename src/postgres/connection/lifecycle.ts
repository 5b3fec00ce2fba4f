import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { isConnectionLost } from './sqlstate.js'

const lostClients = new WeakSet<pg.ClientBase>()

/** Remembers when this client loses its connection. Without a listener the `error` event would end the process. */
export function trackConnectionLoss(client: pg.ClientBase): void {
  client.on('error', () => void lostClients.add(client))
}

/** Whether one of these clients has lost its connection, or an error of the server says that it ended the session. */
export function isSessionLost(error: unknown, clients: readonly pg.ClientBase[]): boolean {
  return clients.some((client) => lostClients.has(client)) || isConnectionLost(error)
}

/** Closes the socket without a message to the server, which may not answer. Running queries fail with this error. */
export function destroyClient(client: pg.Client, reason: Error): void {
  lostClients.add(client)
  client.connection.stream.destroy(reason)
}

const clientCloseTimeout = 1_000

/** Closes a connection. Does not wait for a server that does not answer. */
export async function closeClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), clientCloseTimeout)
  await client.end().finally(() => clearTimeout(timer))
}

/** A timeout passes in parts, so a process that was suspended for a long time loses only one of them. */
const timeoutParts = 5

export interface Deadline {
  /** Milliseconds. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

/** Runs queries of this client. Where no answer comes in time, or the signal aborts, closes the connection and throws. */
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
  const onTimeout = (): void =>
    giveUp(Object.assign(new Error(`no answer within ${timeout} ms`), { code: 'ETIMEDOUT' }))
  let partsLeft = timeoutParts
  let last: NodeJS.Timeout | undefined
  const timer = setInterval(() => {
    partsLeft -= 1
    // Node reads an answer that has arrived before it runs this timer.
    if (partsLeft === 0) last = setTimeout(onTimeout, 1)
  }, timeout / timeoutParts)
  const onAbort = (): void => giveUp(readInterruptedError())
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([run(), promise])
  } finally {
    clearInterval(timer)
    clearTimeout(last)
    signal?.removeEventListener('abort', onAbort)
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
    choices: [['run it again', 'starts again']],
  })
}
