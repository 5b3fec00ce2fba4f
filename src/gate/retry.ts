import type { Progress, ProgressEvents, Report } from '../core/progress/events.js'
import { describeError, SchemaError } from '../errors/schema-error.js'
import { jittered, pause } from '../postgres/connection/backoff.js'
import type { Workspace } from '../workspace.js'
import { type GateContext, type Passed, passGate } from './gate.js'
import type { Health } from './health-state.js'

export interface Waiting {
  readonly context: GateContext & { readonly signal: AbortSignal }
  readonly health: Health
  /** Why it refused the first time. */
  readonly refused: SchemaError
  /** Called when the reason is another one than before. */
  readonly onRefused: (error: SchemaError) => void
  /** Called when it could not be told whether the gate opens, once for each reason, and when it was stopped while it migrated. */
  readonly onFailed: (error: Error) => void
}

/** In milliseconds; the longest is VERIFY_INTERVAL. */
const firstPause = 1_000

/** What these did was rolled back, and would be done again: from then on it is for somebody else to migrate. */
const failures: ReadonlySet<string> = new Set(['SCHEMA_MIGRATION_FAILED', 'SCHEMA_PROMISE_BROKEN'])

/** What every try says alike. */
const routine: ReadonlySet<keyof ProgressEvents> = new Set([
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
export async function waitForGate(waiting: Waiting): Promise<Passed> {
  const { context, refused, onRefused, onFailed } = waiting
  const { interval } = context.workspace.config.verify
  let reason = refused
  let failure = failures.has(refused.code) ? refused : null
  let unknown = ''
  for (let delay = Math.min(firstPause, interval); ; delay = Math.min(delay * 2, interval)) {
    await pause(jittered(delay), context.signal)
    const tried = await tryGate(failure === null ? context : onlyLooking(context), waiting)
    if (!(tried instanceof Error)) return tried
    if (context.signal.aborted) throw tried
    if (tried instanceof SchemaError) {
      if (failures.has(tried.code)) failure = tried
      const next = tried.code === 'SCHEMA_BEHIND' ? (failure ?? tried) : tried
      if (describeError(next) !== describeError(reason)) onRefused(next)
      reason = next
    } else if (tried.message !== unknown) {
      unknown = tried.message
      onFailed(tried)
    }
  }
}

async function tryGate(context: GateContext, { health, onFailed }: Waiting): Promise<Passed | Error> {
  const log = holdBack(context.report)
  const report: Report = (progress) => {
    health.report(progress)
    log.report(progress)
  }
  try {
    const passed = await passGate({ ...context, report })
    log.tell()
    return passed
  } catch (error) {
    const failed = error instanceof Error ? error : new Error(String(error))
    if (context.signal?.aborted === true && log.hasTold()) onFailed(failed)
    return failed
  }
}

interface Held {
  readonly report: Report
  /** Tells what was held back. */
  readonly tell: () => void
  readonly hasTold: () => boolean
}

/** Routine is told once something comes of it. */
function holdBack(report: Report): Held {
  const held: Progress[] = []
  let told = false
  const tell = (): void => held.splice(0).forEach((progress) => report(progress))
  return {
    tell,
    hasTold: () => told,
    report: (progress) => {
      if (routine.has(progress.event)) return void held.push(progress)
      told = true
      tell()
      report(progress)
    },
  }
}

function onlyLooking(context: Waiting['context']): GateContext {
  const { config } = context.workspace
  const policy = { ...config.policy, onBehind: 'refuse' } as const
  const workspace: Workspace = { ...context.workspace, config: { ...config, policy } }
  return { ...context, workspace }
}
