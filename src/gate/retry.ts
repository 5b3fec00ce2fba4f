import type { Progress, ProgressEvents, ProgressReporter } from '../core/progress/events.js'
import { describeError, SchemaError } from '../errors/schema-error.js'
import { withJitter, pause } from '../postgres/connection/backoff.js'
import type { Workspace } from '../workspace.js'
import { type GateContext, type GateResult, runGate } from './gate.js'
import type { HealthTracker } from './health-state.js'

export interface GateRetryOptions {
  readonly context: GateContext & { readonly signal: AbortSignal }
  readonly health: HealthTracker
  /** Why it refused the first time. */
  readonly firstRefusal: SchemaError
  /** Called when the reason is another one than before. */
  readonly onRefused: (error: SchemaError) => void
  /** Called when it could not be told whether the gate opens, once for each reason, and when it was stopped while it migrated. */
  readonly onFailed: (error: Error) => void
}

/** In milliseconds; the longest is VERIFY_INTERVAL. */
const firstDelay = 1_000

/** What these did was rolled back, and would be done again: from then on it is for somebody else to migrate. */
const migrationFailureCodes: ReadonlySet<string> = new Set([
  'SCHEMA_MIGRATION_FAILED',
  'SCHEMA_PROMISE_BROKEN',
])

/** What every try says alike. */
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
 * Tries a gate that refused again until it opens, one try at a time, with backoff and jitter. Migrates as the policy says,
 * until a migration has failed. Throws SCHEMA_INTERRUPTED when asked to stop.
 */
export async function retryGate(waiting: GateRetryOptions): Promise<GateResult> {
  const { context, firstRefusal, onRefused, onFailed } = waiting
  const { interval } = context.workspace.config.verify
  let reason = firstRefusal
  let failure = migrationFailureCodes.has(firstRefusal.code) ? firstRefusal : null
  let unknown = ''
  for (let delay = Math.min(firstDelay, interval); ; delay = Math.min(delay * 2, interval)) {
    await pause(withJitter(delay), context.signal)
    const tried = await tryGate(failure === null ? context : withoutMigrating(context), waiting)
    if (!(tried instanceof Error)) return tried
    if (context.signal.aborted) throw tried
    if (tried instanceof SchemaError) {
      if (migrationFailureCodes.has(tried.code)) failure = tried
      const next = tried.code === 'SCHEMA_BEHIND' ? (failure ?? tried) : tried
      if (describeError(next) !== describeError(reason)) onRefused(next)
      reason = next
    } else if (tried.message !== unknown) {
      unknown = tried.message
      onFailed(tried)
    }
  }
}

async function tryGate(
  context: GateContext,
  { health, onFailed }: GateRetryOptions,
): Promise<GateResult | Error> {
  const log = bufferRoutineEvents(context.report)
  const report: ProgressReporter = (progress) => {
    health.report(progress)
    log.report(progress)
  }
  try {
    const passed = await runGate({ ...context, report })
    log.flush()
    return passed
  } catch (error) {
    const failed = error instanceof Error ? error : new Error(String(error))
    if (context.signal?.aborted === true && log.hasReported()) onFailed(failed)
    return failed
  }
}

interface BufferedReport {
  readonly report: ProgressReporter
  /** Tells what was held back. */
  readonly flush: () => void
  readonly hasReported: () => boolean
}

/** Routine is told once something comes of it. */
function bufferRoutineEvents(report: ProgressReporter): BufferedReport {
  const held: Progress[] = []
  let told = false
  const tell = (): void => held.splice(0).forEach((progress) => report(progress))
  return {
    flush: tell,
    hasReported: () => told,
    report: (progress) => {
      if (routineEvents.has(progress.event)) return void held.push(progress)
      told = true
      tell()
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
