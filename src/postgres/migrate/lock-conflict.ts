import { jittered } from '../connection/backoff.js'
import type { RunState } from './run-context.js'

/** SQLSTATEs that say that locks of others were in the way: lock_not_available and deadlock_detected. */
const blockedCodes: ReadonlySet<string> = new Set(['55P03', '40P01'])

/** What every statement of a transaction gets after the one that failed. */
const aborted = '25P02'

export function isBlockedCode(code: string): boolean {
  return blockedCodes.has(code)
}

/**
 * PostgreSQL's words, if an attempt failed only because of locks of others, so that it may succeed a little later; else null.
 * Knex hides the SQLSTATE where it waited for its lock row, and a migration that goes on after an error gets another one:
 * then the last word counts.
 */
export function blockage(error: unknown, { serverMessages }: RunState): string | null {
  if (!(error instanceof Error)) return null
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isHidden = code === aborted || error.name === 'MigrationLocked'
  const last = [...serverMessages.keys()].findLast((said) => said !== aborted)
  const cause = isHidden ? (last ?? '') : code
  return isBlockedCode(cause) ? (serverMessages.get(cause) ?? error.message) : null
}

/** How long to pause after so many attempts, in milliseconds: half a second, then longer, with jitter. */
export function pauseAfter(attempts: number): number {
  return jittered(Math.min(10_000, 500 * 2 ** (attempts - 1)))
}
