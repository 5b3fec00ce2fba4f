import { type Blocker, describeBlocker, noBlockerSeen } from '../../core/progress/session-activity.js'
import { describeDuration } from '../../core/text/format.js'
import { runsOutsideTransaction } from '../../ddl/plan/transactions.js'
import type { Statement } from '../../ddl/statement.js'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { redactDetailValues } from '../../postgres/connection/error-values.js'
import { driverErrorCode, isLockConflict, sqlState } from '../../postgres/connection/sqlstate.js'
import { lockTimeoutChoice, terminateChoices } from '../../postgres/migrate/lock-failure-error.js'
import type { FailedStatement } from '../../postgres/proof/run-statements.js'
import type { MigrateOptions, MigrationTarget } from '../../postgres/session/migrate-options.js'
import { againChoice, doneFacts } from './done-facts.js'
import { stepStatement } from './step.js'

type Steps = readonly (readonly Statement[])[]

/** A statement that failed, and what is known of why. */
export interface StepFailure extends FailedStatement {
  /** The invalid indexes that it has left; null where that could not be asked. */
  readonly left: readonly string[] | null
  /** The statement_timeout that it had, and how long its step ran, in milliseconds. */
  readonly timeout: number
  readonly duration: number
  /** Whom it waited for at last. */
  readonly blockers: readonly Blocker[]
}

/** The error of a plan that was stopped on request before a step. */
export function stoppedError(steps: Steps, index: number, target: MigrationTarget): SchemaError {
  return new SchemaError('SCHEMA_INTERRUPTED', {
    what: 'Applying was stopped on request, between two steps. What was done before stays.',
    facts: doneFacts(steps, index, target),
    choices: [againChoice],
  })
}

/** The error of a step whose statement was cancelled, because the process was asked to stop. */
export function cancelledStepError(
  { left, error }: StepFailure,
  steps: Steps,
  index: number,
  { target }: MigrateOptions,
): SchemaError {
  return new SchemaError('SCHEMA_INTERRUPTED', {
    what: `Applying was stopped on request, in step ${index + 1} of ${steps.length}. ${consequenceOf(steps[index] ?? [], left)} What was done before stays.`,
    facts: doneFacts(steps, index, target),
    choices: [againChoice],
    cause: error,
  })
}

/** The error of a plan that failed at a step: what is done, what is not, whom it waited for, and what the step has left. */
export function failedStepError(
  failure: StepFailure,
  steps: Steps,
  index: number,
  { target, policy }: MigrateOptions,
): SchemaError {
  const { statement, error, left, blockers } = failure
  const step = steps[index] ?? []
  const code = driverErrorCode(error)
  const detail = 'detail' in error && typeof error.detail === 'string' ? error.detail : null
  const isBlocked = isLockConflict(code)
  return new SchemaError(isBlocked ? 'SCHEMA_APPLY_BLOCKED' : 'SCHEMA_APPLY_FAILED', {
    what: [
      `Step ${index + 1} of ${steps.length} ${isBlocked ? 'did not get a lock that others hold.' : 'failed.'}`,
      ...cancellationOf(failure, code),
      consequenceOf(step, left),
      'What was done before stays.',
    ].join(' '),
    facts: [
      ...doneFacts(steps, index, target),
      ...(step.length > 1 ? [['statement', stepStatement(statement)] as const] : []),
      ['sqlstate', code],
      ['message', error.message],
      ...(detail === null ? [] : [['detail', redactDetailValues(code, detail)] as const]),
      ...blockerFacts(blockers, isBlocked),
    ],
    choices: [
      ...(isBlocked ? [] : [causeChoice(code)]),
      againChoice,
      ...terminateChoices(blockers),
      ...(isBlocked && policy.lockTimeout > 0 ? [lockTimeoutChoice(policy.lockTimeout)] : []),
    ],
    cause: error,
  })
}

function blockerFacts(blockers: readonly Blocker[], isBlocked: boolean): readonly ErrorFact[] {
  if (blockers.length > 0) return [['blocked by', blockers.map(describeBlocker)]]
  return isBlocked ? [['blocked by', noBlockerSeen]] : []
}

/** PostgreSQL says in one way, in the language of the server, that time was up and that a session asked for it. */
function cancellationOf({ timeout, duration }: StepFailure, code: string): readonly string[] {
  if (code !== sqlState.queryCanceled) return []
  const isTimedOut = timeout > 0 && duration >= timeout
  return [
    isTimedOut
      ? `Its statement_timeout of ${describeDuration(timeout)} had passed.`
      : 'A different session had it cancelled.',
  ]
}

function causeChoice(code: string): ErrorChoice {
  return code === sqlState.queryCanceled
    ? ['--sql', 'prints the SQL, to run the step with psql and a statement_timeout of your own']
    : ['remove the cause', 'often rows that the new definition does not allow']
}

function consequenceOf(step: readonly Statement[], left: StepFailure['left']): string {
  if (!runsOutsideTransaction(step)) return 'Its transaction was rolled back, so nothing of it was done.'
  if (left === null) return 'It ran outside a transaction, and the server did not say what it has left.'
  return describeLeft(left)
}

/** What a step outside a transaction has left, which the next run knows by its name. */
export function describeLeft(left: readonly string[]): string {
  if (left.length === 0) return 'It ran outside a transaction, and left no invalid index.'
  const what = left.length === 1 ? 'an index that is invalid' : 'indexes that are invalid'
  return `It ran outside a transaction, and left ${what}: ${left.join(', ')}. The next run drops or rebuilds it.`
}
