import type { Progress, ProgressEvents, ProgressReporter } from '../core/progress/events.js'
import { describeError, SchemaError } from '../errors/schema-error.js'
import { withJitter, pause } from '../postgres/connection/backoff.js'
import type { Workspace } from '../workspace.js'
import type { AssessedDatabase } from './assess.js'
import { type GateContext, runGate } from './gate.js'
import type { HealthTracker } from './health-state.js'

export interface GateRetryOptions {
  readonly context: GateContext & { readonly signal: AbortSignal }
  readonly health: HealthTracker
  /** Why it refused the first time. */
  readonly firstRefusal: SchemaError
  /** Called when the reason of the refusal changed. */
  readonly onRefused: (error: SchemaError) => void
  /** Called when the attempt itself failed, once for each reason, and when it was stopped while it migrated. */
  readonly onFailed: (error: Error) => void
}

/** In milliseconds; the longest is VERIFY_INTERVAL. */
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
  const { context, firstRefusal, onRefused, onFailed } = options
  const { interval } = context.workspace.config.verify
  let reason = firstRefusal
  let migrationFailure = migrationFailureCodes.has(firstRefusal.code) ? firstRefusal : null
  let lastFailure = ''
  for (let delay = Math.min(firstDelay, interval); ; delay = Math.min(delay * 2, interval)) {
    await pause(withJitter(delay), context.signal)
    const result = await tryGate(migrationFailure === null ? context : withoutMigrating(context), options)
    if (!(result instanceof Error)) return result
    if (context.signal.aborted) throw result
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
  context: GateContext,
  { health, onFailed }: GateRetryOptions,
): Promise<AssessedDatabase | Error> {
  const log = bufferRoutineEvents(context.report)
  const report: ProgressReporter = (progress) => {
    health.report(progress)
    log.report(progress)
  }
  try {
    const assessed = await runGate({ ...context, report })
    log.flush()
    return assessed
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error))
    if (context.signal?.aborted === true && log.hasReported()) onFailed(failure)
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

function withoutMigrating(context: GateRetryOptions['context']): GateContext {
  const { config } = context.workspace
  const policy = { ...config.policy, onBehind: 'refuse' } as const
  const workspace: Workspace = { ...context.workspace, config: { ...config, policy } }
  return { ...context, workspace }
}
