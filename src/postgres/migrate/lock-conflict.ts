import { withJitter } from '../connection/backoff.js'
import type { RunState } from './run-context.js'

/** SQLSTATEs that say that locks of others were in the way: lock_not_available and deadlock_detected. */
const lockConflictCodes: ReadonlySet<string> = new Set(['55P03', '40P01'])

/** What every statement of a transaction gets after the one that failed. */
const abortedTransaction = '25P02'

export function isLockConflictCode(code: string): boolean {
  return lockConflictCodes.has(code)
}

/**
 * PostgreSQL's words, if an attempt failed only because of locks of others, so that it may succeed a little later; else null.
 * Knex hides the SQLSTATE where it waited for its lock row, and a migration that goes on after an error gets another one:
 * then the last word counts.
 */
export function lockConflictMessage(error: unknown, { serverMessages }: RunState): string | null {
  if (!(error instanceof Error)) return null
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isHidden = code === abortedTransaction || error.name === 'MigrationLocked'
  const last = [...serverMessages.keys()].findLast((said) => said !== abortedTransaction)
  const cause = isHidden ? (last ?? '') : code
  return isLockConflictCode(cause) ? (serverMessages.get(cause) ?? error.message) : null
}

/** How long to pause after so many attempts, in milliseconds: half a second, then longer, with jitter. */
export function lockRetryDelay(attempts: number): number {
  return withJitter(Math.min(10_000, 500 * 2 ** (attempts - 1)))
}
