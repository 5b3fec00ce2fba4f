import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { errorSummary } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from './address.js'

/** What the knexfile does with each new connection (`pool.afterCreate`); `done` gets an error where that failed. */
export type AfterCreate = (connection: pg.Client, done: (error?: unknown) => void) => unknown

/** As long as Knex waits for a connection, in milliseconds. */
const doneTimeout = 60_000

/** Runs `pool.afterCreate` on a new connection, as Knex does. Throws SCHEMA_KNEXFILE_INVALID where it fails. */
export async function runAfterCreate(
  client: pg.Client,
  { url, afterCreate }: { readonly url: string; readonly afterCreate?: AfterCreate },
): Promise<void> {
  if (afterCreate === undefined) return
  await Promise.race([callUntilDone(client, afterCreate), timeOut()]).catch((cause: unknown) => {
    throw new SchemaError('SCHEMA_KNEXFILE_INVALID', {
      what: `pool.afterCreate of the knexfile failed on a new connection: ${errorSummary(cause)}. Nothing was done.`,
      facts: [['database', describeAddress(addressOf({ url }))]],
      choices: [['pool.afterCreate', 'prepares each session that reads or migrates, as it does for Knex']],
      cause,
    })
  })
}

/** A hook that returns a promise may fail by it; only `done` says that it has ended. */
function callUntilDone(client: pg.Client, afterCreate: AfterCreate): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown): void => (error ? reject(error) : resolve())
    Promise.resolve(afterCreate(client, done)).catch(reject)
  })
}

async function timeOut(): Promise<never> {
  await sleep(doneTimeout, undefined, { ref: false })
  throw new Error(`it did not call done within ${doneTimeout / 1_000} s`)
}
