import type { Decision } from '../core/history/policy.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { type ErrorCode, SchemaError } from '../errors/schema-error.js'
import { type Log, logRefusal } from '../logging/log.js'
import type { Workspace } from '../workspace.js'
import { type AssessedDatabase, withoutCatalog } from './assess.js'
import { type GateContext, runGate } from './gate.js'
import type { HealthTracker } from './health-state.js'
import { type Monitor, startMonitor } from './monitor.js'
import { retryGate } from './retry.js'

export interface SuperviseOptions {
  readonly workspace: Workspace
  readonly health: HealthTracker
  readonly log: Log
  readonly report: ProgressReporter
  /** Reports to the log alone, not to health. */
  readonly reportToLog: ProgressReporter
  readonly stop: AbortSignal
  /** As in `TaskControl`, for the first attempt. */
  readonly onAsked: (() => void) | undefined
}

/** A gate that is open and monitored, or refused and tried again. */
export interface SupervisedGate {
  readonly decision: () => Decision
  readonly opened: Promise<void>
  /** To be called after `stop` was aborted. */
  readonly close: () => Promise<void>
}

/** Faults of this build itself: they last as long as it runs. */
const buildFaultCodes: ReadonlySet<ErrorCode> = new Set([
  'SCHEMA_USAGE',
  'SCHEMA_CONFIG_INVALID',
  'SCHEMA_KNEXFILE_INVALID',
  'SCHEMA_KNEX_UNSUPPORTED',
  'SCHEMA_MIGRATIONS_EMPTY',
  'SCHEMA_MIGRATION_UNLOADABLE',
  'SCHEMA_SNAPSHOT_INVALID',
  'SCHEMA_SOURCE_INVALID',
  'SCHEMA_PROMISE_EMPTY',
  'SCHEMA_INTERRUPTED',
])

const unreadyConsequence = {
  consequence: () => 'Every request is answered with 503 until that is mended.',
} as const satisfies Partial<GateContext>

/**
 * Runs the gate and monitors the database from then on. With REFUSE_BY=unready a gate that refuses is tried again in the
 * background; otherwise, and for faults of this build itself, throws the SchemaError.
 */
export async function superviseGate(options: SuperviseOptions): Promise<SupervisedGate> {
  const { workspace, health, report, stop } = options
  let decision: Decision = { action: 'refuse', situations: [] }
  let monitor: Monitor | null = null
  const open = (assessed: AssessedDatabase): void => {
    const initial = withoutCatalog(assessed)
    decision = health.recordResult(initial).decision
    monitor = startMonitor({ workspace, health, report, initial })
  }
  const first = await runFirstAttempt(options)
  const opened =
    first instanceof SchemaError ? retryUntilOpen(options, first).then(open) : Promise.resolve(open(first))
  // A caller that closes the gate need not have waited for it; an unexpected failure must still be seen.
  opened.catch((error: unknown) => {
    if (!stop.aborted) throw error
  })
  return {
    decision: () => decision,
    opened,
    close: async () => {
      await opened.catch(() => {})
      await monitor?.stop()
    },
  }
}

async function runFirstAttempt({
  workspace,
  report,
  stop: signal,
  onAsked,
}: SuperviseOptions): Promise<AssessedDatabase | SchemaError> {
  const retries = workspace.config.policy.refuseBy === 'unready'
  try {
    return await runGate({ workspace, report, signal, onAsked, ...(retries ? unreadyConsequence : {}) })
  } catch (error) {
    if (retries && error instanceof SchemaError && !buildFaultCodes.has(error.code)) return error
    throw error
  }
}

async function retryUntilOpen(options: SuperviseOptions, refusal: SchemaError): Promise<AssessedDatabase> {
  const { workspace, health, log, reportToLog, stop: signal } = options
  const since = performance.now()
  const onRefused = (error: SchemaError): void => {
    health.recordRefusal(error)
    logRefusal(log, error, 'error')
  }
  onRefused(refusal)
  const assessed = await retryGate({
    attempt: (report, onBehind) =>
      runGate({
        workspace: onBehind === 'refuse' ? withoutMigrating(workspace) : workspace,
        report,
        signal,
        ...unreadyConsequence,
      }),
    health,
    report: reportToLog,
    firstRefusal: refusal,
    onRefused,
    onFailed: (error) => logRefusal(log, error, 'warn'),
    interval: workspace.config.verify.interval,
    signal,
  })
  reportToLog({ event: 'gate opened', after: performance.now() - since })
  return assessed
}

function withoutMigrating(workspace: Workspace): Workspace {
  const { config } = workspace
  const policy = { ...config.policy, onBehind: 'refuse' } as const
  return { ...workspace, config: { ...config, policy } }
}
