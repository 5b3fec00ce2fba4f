import { type Blocker, describeBlocker, noBlockerSeen } from '../../core/progress/session-activity.js'
import { formatCount, describeDuration } from '../../core/text/format.js'
import type { ErrorChoice, ErrorFact } from '../../errors/schema-error.js'
import type { RunPolicy } from '../session/migrate-options.js'
import type { LockFailure } from './run-state.js'

/** `001 did not get a lock that others hold, in 3 attempts within 10 s.` */
export function describeLockFailure({ revision, attempts, duration }: LockFailure): string {
  return `${revision} did not get a lock that others hold, in ${formatCount(attempts, 'attempt')} within ${describeDuration(duration)}.`
}

/** Which sessions held the lock. */
export function blockerFact({ blockers }: LockFailure): ErrorFact {
  return ['blocked by', blockers.length === 0 ? noBlockerSeen : blockers.map(describeBlocker)]
}

/** What helps; `ownPid` is the process of our own session, whose lock the ledger may wait for. */
export function lockFailureChoices(
  { blockers }: LockFailure,
  ownPid: number,
  { deadline, lockTimeout }: RunPolicy,
): readonly ErrorChoice[] {
  // A revision of the same transaction has locked our ledger, in which another session records the next one.
  if (blockers.some(({ pid }) => pid === ownPid))
    return [['MIGRATION_TRANSACTION=each', 'commits each revision before the next one begins']]
  return [
    ['run it again', 'when the others are done'],
    ...terminateChoices(blockers),
    [longerSetting('MIGRATION_DEADLINE', deadline), 'goes on trying for longer'],
    ...(lockTimeout === 0 ? [] : [lockTimeoutChoice(lockTimeout)]),
  ]
}

/** Ending sessions that hold a lock; a prepared transaction has none. */
export function terminateChoices(blockers: readonly Blocker[]): readonly ErrorChoice[] {
  return blockers.filter(({ pid }) => pid !== 0).map(terminateChoice)
}

function terminateChoice({ pid }: Blocker): ErrorChoice {
  return [`select pg_terminate_backend(${pid})`, 'ends that session; what it has not committed is lost']
}

/** A longer wait for locks. */
export function lockTimeoutChoice(lockTimeout: number): ErrorChoice {
  return [
    longerSetting('MIGRATION_LOCK_TIMEOUT', lockTimeout),
    'waits longer each time, and so does everybody who needs the table meanwhile',
  ]
}

/** A setting of several times the present value, at least half a minute. */
function longerSetting(key: string, milliseconds: number): string {
  const seconds = Math.max(30, Math.ceil((milliseconds * 6) / 1_000))
  return `${key}=${seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`}`
}
