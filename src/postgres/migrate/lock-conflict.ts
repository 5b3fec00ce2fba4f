import { withJitter } from '../connection/backoff.js'
import { driverErrorCode, isLockConflict, sqlState } from '../connection/sqlstate.js'
import type { RunState } from './run-state.js'

/**
 * PostgreSQL's message if an attempt failed only because of locks of others, so that a later attempt may succeed; else null.
 * Knex hides the SQLSTATE where it waited for its lock row, and a migration that goes on after an error gets a different
 * one: in both cases the last message counts.
 */
export function lockConflictMessage(error: unknown, { serverMessages }: RunState): string | null {
  if (!(error instanceof Error)) return null
  const code = driverErrorCode(error)
  const isHidden = code === sqlState.inFailedTransaction || error.name === 'MigrationLocked'
  const last = [...serverMessages.keys()].findLast((known) => known !== sqlState.inFailedTransaction)
  const cause = isHidden ? (last ?? '') : code
  return isLockConflict(cause) ? (serverMessages.get(cause) ?? error.message) : null
}

/** The pause after so many attempts, in milliseconds: half a second, then longer, with jitter. */
export function lockRetryDelay(attempts: number): number {
  return withJitter(Math.min(10_000, 500 * 2 ** (attempts - 1)))
}
