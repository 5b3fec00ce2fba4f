import { count, describeDuration } from '../../core/model/describe.js'
import { type Blocker, describeBlocker, notSeen } from '../../core/progress/session-activity.js'
import { type Choice, type Fact, SchemaError } from '../../errors/schema-error.js'
import type { RunContext, RunState } from './run-context.js'

export interface BlockedFailure {
  readonly error: unknown
  readonly givenUp: NonNullable<RunState['givenUp']>
  readonly context: Pick<RunContext, 'session' | 'deadline' | 'lockTimeout'>
  readonly consequence: string
  /** Facts to come before and after who is in the way. */
  readonly before: readonly Fact[]
  readonly after: readonly Fact[]
}

/** The error of a revision that locks of others kept from running until the deadline. */
export function blockedFailure({
  error,
  givenUp,
  context,
  consequence,
  before,
  after,
}: BlockedFailure): SchemaError {
  const { revision, attempts, duration, blockers } = givenUp
  const tried = `in ${count(attempts, 'attempt')} within ${describeDuration(duration)}`
  return new SchemaError('SCHEMA_MIGRATION_BLOCKED', {
    what: `${revision} did not get a lock that others hold, ${tried}. ${consequence}`,
    facts: [
      ...before,
      ['blocked by', blockers.length === 0 ? notSeen : blockers.map(describeBlocker)],
      ...after,
    ],
    choices: blockers.some(({ pid }) => pid === context.session.pid)
      ? [inPieces]
      : choicesAgainst(blockers, context),
    cause: error,
  })
}

/** A revision of the same transaction has locked our ledger, in which another session records the next one. */
const inPieces: Choice = ['MIGRATION_TRANSACTION=each', 'commits each revision before the next one begins']

function choicesAgainst(
  blockers: readonly Blocker[],
  { deadline, lockTimeout }: BlockedFailure['context'],
): readonly Choice[] {
  return [
    ['run it again', 'when the others are done'],
    ...blockers.filter(({ pid }) => pid !== 0).map(termination),
    [longer('MIGRATION_DEADLINE', deadline), 'goes on trying for longer'],
    ...(lockTimeout === 0 ? [] : [patience(lockTimeout)]),
  ]
}

function termination({ pid }: Blocker): Choice {
  return [`select pg_terminate_backend(${pid})`, 'ends that session; what it has not committed is lost']
}

function patience(lockTimeout: number): Choice {
  return [
    longer('MIGRATION_LOCK_TIMEOUT', lockTimeout),
    'waits longer each time, and so does everybody who needs the table meanwhile',
  ]
}

/** A setting of several times as much as now, at least half a minute. */
function longer(key: string, milliseconds: number): string {
  const seconds = Math.max(30, Math.ceil((milliseconds * 6) / 1_000))
  return `${key}=${seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`}`
}
