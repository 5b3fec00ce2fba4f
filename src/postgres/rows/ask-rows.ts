import type { Knex } from 'knex'
import type pg from 'pg'
import type { ProgressReporter } from '../../core/progress/events.js'
import { toError } from '../../core/text/redact.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { driverErrorCode, hasSqlState, isLockConflict, sqlState } from '../connection/sqlstate.js'
import { transactionStatusOf } from '../connection/transaction-status.js'
import { withGuardedKnex } from '../session/guarded-knex.js'
import { runInScope } from '../session/statement-scope.js'
import type { RowPromise } from './row-promises.js'

/**
 * What came of asking a revision for its rows: they are what it promises, or not, or it could not be told. `failure` is what it
 * threw; null where it returned false.
 */
export type RowAnswer =
  | { readonly revision: string; readonly status: 'true'; readonly duration: number }
  | {
      readonly revision: string
      readonly status: 'untrue' | 'unknown'
      readonly duration: number
      readonly failure: Error | null
    }

/** Where a promise is asked: a session, and the Knex bound to its transaction. */
export interface RowPlace {
  readonly client: pg.Client
  readonly knex: Knex
  /** SQL that sets the session to what it was, should the transaction be ended. */
  readonly restore: string
  readonly warn: (revision: string, message: string) => void
}

/** Reports what concerns a revision and is no failure. */
export function warnThrough(report: ProgressReporter): RowPlace['warn'] {
  return (revision, message) => report({ event: 'notice', revision, severity: 'WARNING', message })
}

/** In the transaction that is open, or in one of its own. */
export type RowSpan = 'savepoint' | 'transaction'

const spans: Readonly<Record<RowSpan, readonly [begin: string, end: string]>> = {
  savepoint: [
    'savepoint schemagate_rows',
    'rollback to savepoint schemagate_rows; release savepoint schemagate_rows',
  ],
  transaction: ['begin', 'rollback'],
}

/** Should the code commit, what follows is read-only as well. */
const readOnly = 'set transaction read only; set default_transaction_read_only to on'

/**
 * Asks a revision whether its rows are what it promises. It reads in a savepoint or a transaction in which PostgreSQL refuses
 * to write, and which is rolled back in any case. Throws where the session is lost, or a lock of others is in the way.
 */
export async function askRows(
  { revision, verify }: RowPromise,
  place: RowPlace,
  span: RowSpan,
): Promise<RowAnswer> {
  const { client, restore } = place
  const [begin, end] = spans[span]
  const started = performance.now()
  await client.query(`${begin}; ${readOnly}`)
  const called = await callVerify(revision, verify, place).then(
    (answer) => (answer === false ? { failure: null } : null),
    (thrown: unknown) => ({ failure: toError(thrown) }),
  )
  if (isLockedOut(called?.failure ?? null, client)) throw called?.failure
  const hasFailedStatement = transactionStatusOf(client) === 'E'
  const lost = await client.query(end).then(() => null, toError)
  const duration = performance.now() - started
  if (lost !== null) {
    if (!hasSqlState(lost, sqlState.invalidSavepoint, sqlState.noActiveTransaction)) throw lost
    await client.query(restore).catch(() => {})
    return {
      revision,
      status: 'untrue',
      duration,
      failure: new Error('it ended the transaction it reads in'),
    }
  }
  if (called !== null) return { revision, duration, ...judge(called.failure) }
  if (!hasFailedStatement) return { revision, status: 'true', duration }
  const failure = new Error('it went on after a statement had failed, so that nothing is known')
  return { revision, status: 'unknown', duration, failure }
}

/** Gives `use` a Knex with a transaction of its own, and rolls that back. */
export async function withReadTransaction<T>(knex: Knex, use: (own: Knex) => Promise<T>): Promise<T> {
  const transaction = await knex.transaction()
  try {
    return await use(transaction)
  } finally {
    await transaction.rollback()
  }
}

async function callVerify(
  revision: string,
  verify: RowPromise['verify'],
  { knex, warn }: RowPlace,
): Promise<unknown> {
  let answer: unknown
  const call = async (): Promise<void> => {
    answer = await verify(knex)
  }
  const onLate = ({ message }: Error): void => warn(revision, message)
  await withGuardedKnex(knex, () => runInScope(`verify of ${revision}`, call, onLate))
  return answer
}

/** A lock of others may be gone the next time. */
function isLockedOut(failure: Error | null, client: pg.Client): boolean {
  return failure !== null && (isSessionLost(failure, [client]) || isLockConflict(driverErrorCode(failure)))
}

/** A statement that was cancelled, and one that names what is no longer there, say nothing of the rows. */
function judge(failure: Error | null): {
  readonly status: 'untrue' | 'unknown'
  readonly failure: Error | null
} {
  const { queryCanceled, undefinedTable, undefinedColumn } = sqlState
  const isUnknown = hasSqlState(failure, queryCanceled, undefinedTable, undefinedColumn)
  return { status: isUnknown ? 'unknown' : 'untrue', failure }
}
