import type { Knex } from 'knex'
import type pg from 'pg'
import { createBuilderStacks } from './builder-stacks.js'
import { createStatementRunner, type Send, type StatementRecord } from './statement-runner.js'

/**
 * Runs code that sends statements to a client, one after the other, and tells what each of them did. Ends when the last one
 * has ended; throws what the code throws.
 */
export async function recordStatements(
  client: pg.ClientBase,
  knex: Knex,
  run: () => Promise<void>,
  onStatement: (statement: StatementRecord) => void,
): Promise<void> {
  const original: unknown = Reflect.get(client, 'query')
  if (typeof original !== 'function') return run()
  const send: Send = (...args) => Reflect.apply(original, client, args)
  const runner = createStatementRunner(client, send, onStatement)
  const stacks = createBuilderStacks(knex)
  let last: Promise<unknown> = Promise.resolve()
  const sendRecorded = (...args: readonly unknown[]): unknown => {
    if (runner.isReading() || isSubmittable(args[0])) return send(...args)
    const stack = stacks.take(sendRecorded)
    const callback = args.at(-1)
    const statement = typeof callback === 'function' ? args.slice(0, -1) : args
    const result = last.then(() => runner.run(statement, stack))
    last = result.catch(() => {})
    if (typeof callback !== 'function') return result
    void answer(result, (...results) => Reflect.apply(callback, null, results))
    return undefined
  }
  replaceQuery(client, sendRecorded)
  try {
    await run()
    await last
  } finally {
    stacks.stop()
    replaceQuery(client, original)
  }
}

function replaceQuery(client: pg.ClientBase, value: unknown): void {
  Object.defineProperty(client, 'query', { value, configurable: true, writable: true })
}

/** A stream or a cursor is read while it runs. */
function isSubmittable(query: unknown): boolean {
  return typeof query === 'object' && query !== null && 'submit' in query
}

/** Calls a callback as the driver does. */
async function answer(
  result: Promise<unknown>,
  callback: (...results: readonly unknown[]) => unknown,
): Promise<void> {
  const outcome = await result.then(
    (value) => [null, value],
    (error: unknown) => [error],
  )
  callback(...outcome)
}
