import { runsOutsideTransaction } from '../../ddl/plan/transactions.js'
import { timeoutsOf } from '../../ddl/plan/runbook.js'
import {
  driverErrorCode,
  isConnectionLost,
  isLockConflict,
  sqlState,
} from '../../postgres/connection/sqlstate.js'
import type { FailedStatement } from '../../postgres/proof/run-statements.js'
import { cancelledStepError, failedStepError, type StepFailure } from './apply-error.js'
import type { ApplyRun } from './apply-run.js'
import { recordStep } from './record-step.js'
import type { StepProgress } from './run-step.js'
import { compareTraces, readTraces } from './traces.js'

/** A statement that failed, when, and how far its step was. */
export interface TimedFailure extends FailedStatement {
  readonly duration: number
  readonly progress: StepProgress
}

/** Finds out why a step failed and what it has left, keeps that in the ledger, and returns the error to throw. */
export async function failStep(
  run: ApplyRun,
  index: number,
  { statement, error, duration, progress }: TimedFailure,
): Promise<unknown> {
  // What has become of it is asked on another connection.
  if (isConnectionLost(error)) return error
  const { options, locked, sampler } = run
  const step = run.steps[index] ?? []
  const outside = runsOutsideTransaction(step)
  const traces = progress.at === 'running' ? progress.traces : null
  const change = outside ? compareTraces(traces, await readTraces(locked.auditClient, statement)) : null
  const stopped = options.signal?.aborted === true && driverErrorCode(error) === sqlState.queryCanceled
  await recordStep(locked.auditClient, locked, step, {
    event: stopped && !outside ? 'undone' : 'failed',
    duration,
    error: stopped ? 'stopped on request' : `${driverErrorCode(error)} ${error.message}`,
  }).catch(() => {})
  const failure: StepFailure = {
    statement,
    error,
    left: outside ? (change?.left ?? null) : [],
    timeout: timeoutsOf(step, options.policy.lockTimeout).statementTimeout,
    duration,
    blockers: isWaiting(error) ? sampler.blockers() : [],
  }
  const describe = stopped ? cancelledStepError : failedStepError
  return describe(failure, run.steps, index, options)
}

function isWaiting(error: Error): boolean {
  return isLockConflict(driverErrorCode(error)) || driverErrorCode(error) === sqlState.queryCanceled
}
