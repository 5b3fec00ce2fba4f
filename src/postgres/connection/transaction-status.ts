import { EventEmitter } from 'node:events'
import type pg from 'pg'

/** As the server says it after each message: not in a transaction, in one, in one in which a statement failed. */
export type TransactionStatus = 'I' | 'T' | 'E'

const statuses = new WeakMap<pg.ClientBase, TransactionStatus>()

/** Remembers what the server says from now on. Not every pg that Knex may load can be asked. */
export function trackTransactionStatus(client: pg.Client): void {
  const wire: unknown = client.connection
  if (!(wire instanceof EventEmitter)) return
  wire.prependListener('readyForQuery', (message: unknown) => {
    const status = statusOf(message)
    if (status !== undefined) statuses.set(client, status)
  })
}

/** The status of a client that is tracked. */
export function transactionStatusOf(client: pg.ClientBase): TransactionStatus {
  return statuses.get(client) ?? 'I'
}

function statusOf(message: unknown): TransactionStatus | undefined {
  const status =
    typeof message === 'object' && message !== null && 'status' in message ? message.status : null
  return (['I', 'T', 'E'] as const).find((each) => each === status)
}
