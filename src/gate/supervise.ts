import type { Decision } from '../core/history/policy.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { type ErrorCode, SchemaError } from '../errors/schema-error.js'
import { type Log, logRefusal } from '../logging/log.js'
import type { Workspace } from '../workspace.js'
import { type GateResult, runGate } from './gate.js'
import type { HealthTracker } from './health-state.js'
import { startMonitor, type Monitor } from './monitor.js'
import { retryGate } from './retry.js'

export interface SuperviseOptions {
  readonly workspace: Workspace
  readonly health: HealthTracker
  readonly log: Log
  readonly report: ProgressReporter
  /** Reports to the log alone, not to health. */
  readonly reportToLog: ProgressReporter
  readonly stop: AbortSignal
}

/** The way in: open and watched, or refused and tried again. */
export interface SupervisedGate {
  readonly decision: () => Decision
  readonly opened: Promise<void>
  /** To be called after `stop` was aborted. */
  readonly close: () => Promise<void>
}

/** Faults of this build itself: as long as it runs nobody can mend them. */
const buildFaultCodes: ReadonlySet<ErrorCode> = new Set([
  'SCHEMA_USAGE',
  'SCHEMA_CONFIG_INVALID',
  'SCHEMA_KNEXFILE_INVALID',
  'SCHEMA_MIGRATIONS_EMPTY',
  'SCHEMA_MIGRATION_UNLOADABLE',
  'SCHEMA_SNAPSHOT_INVALID',
  'SCHEMA_INTERRUPTED',
])

const unreadyConsequence = {
  consequence: () => 'Every request is answered with 503 until that is mended.',
} as const

/**
 * Passes the gate and watches from then on. With REFUSE_BY=unready a gate that refuses is tried again in the background;
 * else, and for faults of this build itself, throws the SchemaError.
 */
export async function superviseGate(entering: SuperviseOptions): Promise<SupervisedGate> {
  const { workspace, health, report } = entering
  let decision: Decision = { action: 'refuse', situations: [] }
  let watch: Monitor | null = null
  const open = (passed: GateResult): void => {
    decision = health.recordResult(passed)
    watch = startMonitor({ workspace, health, report, initialResult: passed })
  }
  const first = await runFirstAttempt(entering)
  const opened =
    first instanceof SchemaError ? retryUntilOpen(entering, first).then(open) : Promise.resolve(open(first))
  // Whoever closes a gate need not have waited for it; what nobody foresaw must not pass unseen.
  opened.catch((error: unknown) => {
    if (!entering.stop.aborted) throw error
  })
  return {
    decision: () => decision,
    opened,
    close: async () => {
      await opened.catch(() => {})
      await watch?.stop()
    },
  }
}

async function runFirstAttempt({
  workspace,
  report,
  stop: signal,
}: SuperviseOptions): Promise<GateResult | SchemaError> {
  const waits = workspace.config.policy.refuseBy === 'unready'
  try {
    return await runGate({ workspace, report, signal, ...(waits ? unreadyConsequence : {}) })
  } catch (error) {
    if (waits && error instanceof SchemaError && !buildFaultCodes.has(error.code)) return error
    throw error
  }
}

async function retryUntilOpen(entering: SuperviseOptions, refused: SchemaError): Promise<GateResult> {
  const { workspace, health, log, reportToLog, stop: signal } = entering
  const since = performance.now()
  const onRefused = (error: SchemaError): void => {
    health.recordRefusal(error)
    logRefusal(log, error, 'error')
  }
  onRefused(refused)
  const passed = await retryGate({
    context: { workspace, report: reportToLog, signal, ...unreadyConsequence },
    health,
    firstRefusal: refused,
    onRefused,
    onFailed: (error) => logRefusal(log, error, 'warn'),
  })
  reportToLog({ event: 'gate opened', after: performance.now() - since })
  return passed
}
