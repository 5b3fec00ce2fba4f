import type pg from 'pg'
import type { ObservedStatements } from '../../core/model/observed-statements.js'
import { isRecord } from '../../core/text/is-record.js'
import { errorMessage } from '../../core/text/redact.js'
import { hasSqlState, isServerError, sqlState } from '../connection/sqlstate.js'
import { transactionStatusOf } from '../connection/transaction-status.js'
import { observeStatements } from '../session/observe-statements.js'
import { type Effects, effectsBetween } from './effects.js'
import { readSessionFacts, type SessionFacts } from './session-facts.js'

/** A statement that code sent, and what it did. */
export interface StatementRecord extends ObservedStatements {
  readonly sql: string
  readonly values: readonly unknown[]
  /** From where it was sent. */
  readonly stack: string
  /** False for a statement that PostgreSQL refuses inside a transaction block: its locks are gone when they can be read. */
  readonly transactional: boolean
  readonly effects: Effects
  /** Milliseconds. */
  readonly duration: number
  /** Why PostgreSQL refused it; null where it did not. */
  readonly error: string | null
  readonly sqlstate: string | null
}

/** What the client did before its statements were recorded. */
export type Send = (...args: readonly unknown[]) => Promise<unknown>

interface StatementRunner {
  /** Sends a statement, with its values, and returns what the client does. */
  readonly run: (args: readonly unknown[], stack: string) => Promise<unknown>
  /** Whether the effects are being read, with the same client. */
  readonly isReading: () => boolean
}

/**
 * Runs one statement after the other and tells what each did. One outside a transaction gets one of its own, so that its
 * locks can be read before they are gone, unless PostgreSQL refuses that.
 */
export function createStatementRunner(
  client: pg.ClientBase,
  send: Send,
  onStatement: (statement: StatementRecord) => void,
): StatementRunner {
  let isReading = false
  /** What the last statement of the open transaction left. */
  let earlier: SessionFacts | null = null
  const read = (): Promise<SessionFacts> => {
    isReading = true
    try {
      return readSessionFacts(client)
    } finally {
      isReading = false
    }
  }
  const observe = async (args: readonly unknown[]): Promise<Outcome> => {
    const before = earlier ?? (await read())
    const started = performance.now()
    const { result, ...observed } = await sendObserved(client, send, args).catch((error: unknown) => {
      earlier = null
      return { result: null, commands: [], notices: [], failure: { error } }
    })
    const duration = performance.now() - started
    const after = 'failure' in observed || hasFailed(client) ? before : await read()
    earlier = transactionStatusOf(client) === 'T' ? after : null
    return { result, ...observed, duration, effects: effectsBetween(before, after) }
  }
  const run: StatementRunner['run'] = async (args, stack) => {
    const { outcome, transactional } = await runWhereAllowed(client, send, () => observe(args))
    const { result, failure, ...seen } = outcome
    const error = failure === undefined ? null : errorMessage(failure.error)
    const sqlstate = isServerError(failure?.error) ? (failure.error.code ?? null) : null
    onStatement({ ...statementOf(args), stack, transactional, ...seen, error, sqlstate })
    if (failure !== undefined) throw failure.error
    return result
  }
  return { run, isReading: () => isReading }
}

interface Outcome extends ObservedStatements, Pick<StatementRecord, 'effects' | 'duration'> {
  readonly result: unknown
  readonly failure?: { readonly error: unknown }
}

async function sendObserved(
  client: pg.ClientBase,
  send: Send,
  args: readonly unknown[],
): Promise<ObservedStatements & { readonly result: unknown }> {
  let result: unknown = null
  const observed = await observeStatements(client, async () => {
    result = await send(...args)
  })
  return { ...observed, result }
}

/** In the transaction that is open, else in one for this statement alone, else outside of one. */
async function runWhereAllowed(
  client: pg.ClientBase,
  send: Send,
  observe: () => Promise<Outcome>,
): Promise<{ readonly outcome: Outcome; readonly transactional: boolean }> {
  if (transactionStatusOf(client) !== 'I') return { outcome: await observe(), transactional: true }
  await send('begin')
  const outcome = await observe()
  const { failure } = outcome
  if (failure !== undefined) await send('rollback')
  if (failure !== undefined && isRefusedInside(failure.error))
    return { outcome: await observe(), transactional: false }
  // A BEGIN of its own stays open.
  const notices = outcome.notices.filter(({ sqlstate }) => sqlstate !== sqlState.activeTransaction)
  const hasBegun = notices.length < outcome.notices.length
  if (!hasBegun && transactionStatusOf(client) === 'T') await send('commit')
  return { outcome: { ...outcome, notices }, transactional: true }
}

function hasFailed(client: pg.ClientBase): boolean {
  return transactionStatusOf(client) === 'E'
}

/** A statement that runs only outside a transaction, or a procedure that commits. */
function isRefusedInside(error: unknown): boolean {
  return hasSqlState(error, sqlState.activeTransaction, sqlState.invalidTransactionTermination)
}

function statementOf([query, values]: readonly unknown[]): Pick<StatementRecord, 'sql' | 'values'> {
  const own = isRecord(query) ? query : { text: query, values }
  return { sql: String(own['text']), values: Array.isArray(own['values']) ? own['values'] : [] }
}
