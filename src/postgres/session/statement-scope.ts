import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type pg from 'pg'
import { noteFailedStatement } from './failed-statement.js'

/** The statements that a piece of code sends. */
interface StatementScope {
  readonly name: string
  /** Called when a statement is refused, because it came after the end. */
  readonly onLate: (error: Error) => void
  sent: number
  running: number
  ended: boolean
}

const currentScope = new AsyncLocalStorage<StatementScope>()

/** Runs code whose statements are its own, and knows which of them it left behind. */
export interface ScopedRun {
  /** Statements that the code had sent and did not wait for. They have ended now. */
  readonly unawaited: number
}

const runningStatements = new WeakMap<pg.ClientBase, number>()

/** Whether a statement of some scope runs on this connection. */
export function runsStatement(client: pg.ClientBase): boolean {
  return (runningStatements.get(client) ?? 0) > 0
}

/**
 * Has every statement that this connection is asked to run counted for the code that asked, and refuses those of code that
 * `runInScope` has seen the end of: they would run in the transaction of somebody else. Which statement an error answers is kept.
 */
export function scopeStatements(client: pg.Client): void {
  const send: unknown = client.query.bind(client)
  if (typeof send !== 'function') return
  const sendScoped = (...args: readonly unknown[]): unknown => {
    const scope = currentScope.getStore()
    const callback = args.at(-1)
    if (scope?.ended === true) return refuse(scope, callback)
    const count = scope === undefined ? () => {} : countStatement(scope, client)
    const onEnd = (error?: unknown): void => {
      count()
      noteFailedStatement(error, args[0])
    }
    if (typeof callback !== 'function') return followPromise(Reflect.apply(send, null, args), onEnd)
    const followed = (...results: readonly unknown[]): unknown => {
      onEnd(results[0])
      return Reflect.apply(callback, null, results)
    }
    return Reflect.apply(send, null, [...args.slice(0, -1), followed])
  }
  Object.defineProperty(client, 'query', { value: sendScoped, configurable: true, writable: true })
}

/** Returns what to call when the statement ends. */
function countStatement(scope: StatementScope, client: pg.Client): () => void {
  const count = (change: 1 | -1): void => {
    scope.running += change
    runningStatements.set(client, (runningStatements.get(client) ?? 0) + change)
  }
  scope.sent += 1
  count(1)
  return () => count(-1)
}

/** A stream of pg is sent like a statement, and ends by itself. */
function followPromise(result: unknown, onEnd: (error?: unknown) => void): unknown {
  if (result instanceof Promise) result.then(() => onEnd(), onEnd)
  else onEnd()
  return result
}

function refuse(scope: StatementScope, callback: unknown): unknown {
  const error = new Error(`${scope.name} sent a statement after it had ended; it was not run`)
  scope.onLate(error)
  if (typeof callback !== 'function') return Promise.reject(error)
  queueMicrotask(() => Reflect.apply(callback, null, [error]))
  return undefined
}

/**
 * Runs code by this name, and waits for every statement that it sent. Throws what the code throws. `onLate` is called for each
 * statement that comes after its end, and is refused.
 */
export async function runInScope(
  name: string,
  run: () => unknown,
  onLate: (error: Error) => void,
): Promise<ScopedRun> {
  const scope: StatementScope = { name, onLate, sent: 0, running: 0, ended: false }
  try {
    await currentScope.run(scope, async () => run())
    return { unawaited: await waitForRest(scope) }
  } finally {
    scope.ended = true
  }
}

/** Knex sends a statement a few turns after it was asked to, and one that has ended may be followed by the next one. */
async function waitForRest(scope: StatementScope): Promise<number> {
  let unawaited = scope.running
  for (let idle = 0; idle < 3; idle++) {
    const { sent } = scope
    await setImmediate()
    if (scope.sent === sent && scope.running === 0) continue
    unawaited += scope.sent - sent
    idle = -1
    if (scope.running > 0) await setTimeout(10)
  }
  return unawaited
}
