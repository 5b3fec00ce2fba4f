import type { Progress, ProgressEvents, ProgressReporter } from '../core/progress/events.js'
import { describeError, SchemaError } from '../errors/schema-error.js'
import { withJitter, pause } from '../postgres/connection/backoff.js'
import type { AssessedDatabase } from './assess.js'
import type { HealthTracker } from './health-state.js'

export interface GateRetryOptions {
  /** Runs the gate once. Migrates as the policy says, or not at all. */
  readonly attempt: (report: ProgressReporter, onBehind: OnBehind) => Promise<AssessedDatabase>
  readonly health: HealthTracker
  readonly report: ProgressReporter
  /** Why it refused the first time. */
  readonly firstRefusal: SchemaError
  /** Called when the reason of the refusal changed. */
  readonly onRefused: (error: SchemaError) => void
  /** Called when the attempt itself failed, once for each reason, and when it was stopped while it migrated. */
  readonly onFailed: (error: Error) => void
  /** The longest delay between two attempts, in milliseconds. */
  readonly interval: number
  readonly signal: AbortSignal
}

/** Whether an attempt does what ON_BEHIND says, or leaves a database that is behind as it is. */
export type OnBehind = 'as configured' | 'refuse'

/** In milliseconds. */
const firstDelay = 1_000

/** After these a migration would fail again: from then on other processes have to migrate. */
const migrationFailureCodes: ReadonlySet<string> = new Set([
  'SCHEMA_MIGRATION_FAILED',
  'SCHEMA_PROMISE_BROKEN',
])

/** What every attempt reports in the same way. */
const routineEvents: ReadonlySet<keyof ProgressEvents> = new Set([
  'connecting',
  'waiting for database',
  'inspected',
  'snapshot elsewhere',
  'snapshot stale',
  'snapshot unavailable',
  'drift before',
  'verified',
  'decided',
])

/**
 * Runs a gate that refused again until it opens, one attempt at a time, with backoff and jitter. Migrates as the policy says,
 * until a migration has failed. Throws SCHEMA_INTERRUPTED when asked to stop.
 */
export async function retryGate(options: GateRetryOptions): Promise<AssessedDatabase> {
  const { firstRefusal, onRefused, onFailed, interval, signal } = options
  let reason = firstRefusal
  let migrationFailure = migrationFailureCodes.has(firstRefusal.code) ? firstRefusal : null
  let lastFailure = ''
  for (let delay = Math.min(firstDelay, interval); ; delay = Math.min(delay * 2, interval)) {
    await pause(withJitter(delay), signal)
    const result = await tryGate(options, migrationFailure === null ? 'as configured' : 'refuse')
    if (!(result instanceof Error)) return result
    if (signal.aborted) throw result
    if (result instanceof SchemaError) {
      if (migrationFailureCodes.has(result.code)) migrationFailure = result
      const next = result.code === 'SCHEMA_BEHIND' ? (migrationFailure ?? result) : result
      if (describeError(next) !== describeError(reason)) onRefused(next)
      reason = next
    } else if (result.message !== lastFailure) {
      lastFailure = result.message
      onFailed(result)
    }
  }
}

async function tryGate(
  { attempt, health, report, onFailed, signal }: GateRetryOptions,
  onBehind: OnBehind,
): Promise<AssessedDatabase | Error> {
  const buffered = bufferRoutineEvents(report)
  const reportToBoth: ProgressReporter = (progress) => {
    health.report(progress)
    buffered.report(progress)
  }
  try {
    const assessed = await attempt(reportToBoth, onBehind)
    buffered.flush()
    return assessed
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error))
    if (signal.aborted && buffered.hasReported()) onFailed(failure)
    return failure
  }
}

interface BufferedReporter {
  readonly report: ProgressReporter
  /** Reports the events that were held back. */
  readonly flush: () => void
  readonly hasReported: () => boolean
}

/** Routine events are reported once an event follows that is not routine. */
function bufferRoutineEvents(report: ProgressReporter): BufferedReporter {
  const buffer: Progress[] = []
  let reported = false
  const flush = (): void => buffer.splice(0).forEach((progress) => report(progress))
  return {
    flush,
    hasReported: () => reported,
    report: (progress) => {
      if (routineEvents.has(progress.event)) return void buffer.push(progress)
      reported = true
      flush()
      report(progress)
    },
  }
}
