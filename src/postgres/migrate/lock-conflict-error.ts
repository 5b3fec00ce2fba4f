import { type Blocker, describeBlocker, noBlockerSeen } from '../../core/progress/session-activity.js'
import { formatCount, describeDuration } from '../../core/text/format.js'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import type { RunContext, RunState } from './run-context.js'

export interface LockConflictFailure {
  readonly error: unknown
  readonly givenUp: NonNullable<RunState['givenUp']>
  readonly context: Pick<RunContext, 'session' | 'deadline' | 'lockTimeout'>
  readonly consequence: string
  /** Facts to come before and after who is in the way. */
  readonly before: readonly ErrorFact[]
  readonly after: readonly ErrorFact[]
}

/** The error of a revision that locks of others kept from running until the deadline. */
export function lockConflictError({
  error,
  givenUp,
  context,
  consequence,
  before,
  after,
}: LockConflictFailure): SchemaError {
  const { revision, attempts, duration, blockers } = givenUp
  const tried = `in ${formatCount(attempts, 'attempt')} within ${describeDuration(duration)}`
  return new SchemaError('SCHEMA_MIGRATION_BLOCKED', {
    what: `${revision} did not get a lock that others hold, ${tried}. ${consequence}`,
    facts: [
      ...before,
      ['blocked by', blockers.length === 0 ? noBlockerSeen : blockers.map(describeBlocker)],
      ...after,
    ],
    choices: blockers.some(({ pid }) => pid === context.session.pid)
      ? [commitEachChoice]
      : choicesForBlockers(blockers, context),
    cause: error,
  })
}

/** A revision of the same transaction has locked our ledger, in which another session records the next one. */
const commitEachChoice: ErrorChoice = [
  'MIGRATION_TRANSACTION=each',
  'commits each revision before the next one begins',
]

function choicesForBlockers(
  blockers: readonly Blocker[],
  { deadline, lockTimeout }: LockConflictFailure['context'],
): readonly ErrorChoice[] {
  return [
    ['run it again', 'when the others are done'],
    ...blockers.filter(({ pid }) => pid !== 0).map(terminateChoice),
    [longerSetting('MIGRATION_DEADLINE', deadline), 'goes on trying for longer'],
    ...(lockTimeout === 0 ? [] : [lockTimeoutChoice(lockTimeout)]),
  ]
}

function terminateChoice({ pid }: Blocker): ErrorChoice {
  return [`select pg_terminate_backend(${pid})`, 'ends that session; what it has not committed is lost']
}

function lockTimeoutChoice(lockTimeout: number): ErrorChoice {
  return [
    longerSetting('MIGRATION_LOCK_TIMEOUT', lockTimeout),
    'waits longer each time, and so does everybody who needs the table meanwhile',
  ]
}

/** A setting of several times as much as now, at least half a minute. */
function longerSetting(key: string, milliseconds: number): string {
  const seconds = Math.max(30, Math.ceil((milliseconds * 6) / 1_000))
  return `${key}=${seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`}`
}
