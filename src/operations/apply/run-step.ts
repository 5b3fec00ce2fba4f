import type pg from 'pg'
import { runsOutsideTransaction } from '../../ddl/plan/transactions.js'
import type { Statement } from '../../ddl/statement.js'
import { queryRows } from '../../postgres/connection/query.js'
import { isConnectionLost } from '../../postgres/connection/sqlstate.js'
import { oneByOne } from '../../postgres/connection/statement-messages.js'
import type { FailedStatement } from '../../postgres/proof/run-statements.js'
import type { LockedSession } from '../../postgres/session/sessions.js'
import { readTraces, type Traces } from './traces.js'

/** How far a step came, as this process knows: what tells later what has become of it, where the connection is lost. */
export type StepProgress =
  | { readonly at: 'before' }
  | { readonly at: 'running'; readonly transaction: string | null; readonly traces: Traces | null }
  | { readonly at: 'after' }

/**
 * Runs a step: in a transaction, of which the number is kept, or outside one. Returns the statement that failed; null if none
 * did. What is deferred may fail at the commit, which is then the fault of the last statement.
 */
export async function runConfirmedStep(
  { session: { client }, auditClient }: LockedSession,
  step: readonly Statement[],
  onRunning: (progress: StepProgress) => void,
): Promise<FailedStatement | null> {
  const [first] = step
  if (first === undefined) return null
  if (runsOutsideTransaction(step)) {
    onRunning({ at: 'running', transaction: null, traces: await readTraces(auditClient, first) })
    return failureOf(first, await oneByOne.one(client, first.sql))
  }
  const transaction = await beginNumbered(client)
  onRunning({ at: 'running', transaction, traces: null })
  const statements = step.map(({ sql }) => sql)
  const refused = await oneByOne.many(client, statements)
  if (refused === null) return failureOf(step.at(-1), await oneByOne.one(client, 'commit'))
  if (!isConnectionLost(refused.error)) await client.query('rollback')
  return failureOf(step[refused.index], refused.error)
}

/** Begins a transaction. Returns its number, by which the server tells later whether it was committed. */
async function beginNumbered(client: pg.Client): Promise<string> {
  const [row] = await queryRows(client, 'begin; select pg_current_xact_id()::text as id')
  return String(row?.['id'])
}

function failureOf(statement: Statement | undefined, error: Error | null): FailedStatement | null {
  return statement === undefined || error === null ? null : { statement, error }
}

const cancelInterval = 200

/**
 * Runs `run`. Once asked to stop, cancels the statements of the session for as long as `isRunning`, again and again: a request
 * to cancel that falls between two statements is lost.
 */
export async function cancelOnStop<T>(
  { session: { pid }, auditClient }: LockedSession,
  { signal, isRunning }: { readonly signal: AbortSignal | undefined; readonly isRunning: () => boolean },
  run: () => Promise<T>,
): Promise<T> {
  let cancelled: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    if (signal?.aborted === true && isRunning())
      cancelled = auditClient.query('select pg_cancel_backend($1)', [pid]).catch(() => {})
  }, cancelInterval)
  try {
    return await run()
  } finally {
    clearInterval(timer)
    await cancelled
  }
}
