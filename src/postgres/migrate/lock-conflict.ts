import { withJitter } from '../connection/backoff.js'
import { errorCodeOf, isLockConflict, sqlState } from '../connection/sqlstate.js'
import type { RunState } from './run-context.js'

/**
 * PostgreSQL's words, if an attempt failed only because of locks of others, so that it may succeed a little later; else null.
 * Knex hides the SQLSTATE where it waited for its lock row, and a migration that goes on after an error gets another one:
 * then the last word counts.
 */
export function lockConflictMessage(error: unknown, { serverMessages }: RunState): string | null {
  if (!(error instanceof Error)) return null
  const code = errorCodeOf(error)
  const isHidden = code === sqlState.inFailedTransaction || error.name === 'MigrationLocked'
  const last = [...serverMessages.keys()].findLast((said) => said !== sqlState.inFailedTransaction)
  const cause = isHidden ? (last ?? '') : code
  return isLockConflict(cause) ? (serverMessages.get(cause) ?? error.message) : null
}

/** How long to pause after so many attempts, in milliseconds: half a second, then longer, with jitter. */
export function lockRetryDelay(attempts: number): number {
  return withJitter(Math.min(10_000, 500 * 2 ** (attempts - 1)))
}
