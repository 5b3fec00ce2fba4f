import type { Config } from '../config/config.js'
import type { Decision } from '../core/history/policy.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { SchemaError } from '../errors/schema-error.js'
import { createReporter } from '../fleet/reporter.js'
import type { Log } from '../logging/log.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { createHealthTracker, type Health, type HealthTracker } from './health-state.js'
import { onHealthChange } from './on-health-change.js'
import { superviseGate } from './supervise.js'

/** An open gate: this build may serve on this database, and the health routes stay up to date. */
export interface Gate {
  /** With REFUSE_BY=unready it may be `refuse`: the gate is then tried again until it opens. */
  readonly decision: Decision
  /** Resolves once the gate is open, which it is already unless REFUSE_BY is `unready`; rejects if it is closed before. */
  readonly opened: Promise<void>
  readonly health: Health
  /** Turns readiness to 503 while routes still answer: the first step of a shutdown. */
  readonly drain: (signal: string) => void
  readonly close: () => Promise<void>
}

/** A gate, and the project and database it was opened for. */
export interface StartedGate {
  readonly gate: Gate
  readonly workspace: Workspace
}

export interface StartGateOptions {
  readonly log: Log
  readonly report: ProgressReporter
  readonly health?: HealthTracker
  readonly signal?: AbortSignal
  /** As in `TaskControl`. */
  readonly onAsked?: () => void
}

/**
 * Runs the gate and monitors the database from then on. To be awaited before a port is bound.
 * Throws the SchemaError of a refusal, with everything closed again; with REFUSE_BY=unready only if the fault is in the files
 * or the configuration of this build: after any other refusal the gate is returned and tried again.
 */
export async function startGate(config: Config, options: StartGateOptions): Promise<StartedGate> {
  const health = options.health ?? createHealthTracker(config)
  const report: ProgressReporter = (progress) => {
    health.report(progress)
    options.report(progress)
  }
  const fleet = startFleetReporter(config, health, options.log)
  const closeAfter = async (error: unknown): Promise<void> => {
    if (error instanceof SchemaError && error.code !== 'SCHEMA_INTERRUPTED') health.recordRefusal(error)
    await fleet.close()
  }
  const { signal } = options
  const workspace = await openWorkspace(config, report, { signal }).catch(async (error: unknown) => {
    await closeAfter(error)
    throw error
  })
  const stop = createStopController(options.signal)
  try {
    const supervised = await superviseGate({
      workspace,
      health,
      log: options.log,
      report,
      reportToLog: options.report,
      stop: stop.signal,
      onAsked: options.onAsked,
    })
    const gate: Gate = {
      get decision() {
        return supervised.decision()
      },
      opened: supervised.opened,
      health: { view: health.view, subscribe: health.subscribe },
      drain: (signal) => report({ event: 'draining', signal, delay: config.http.shutdownDelay }),
      close: async () => {
        stop.abort()
        await supervised.close()
        await fleet.close()
        await workspace.close()
      },
    }
    return { gate, workspace }
  } catch (error) {
    await closeAfter(error)
    await workspace.close()
    throw error
  }
}

function createStopController(signal: AbortSignal | undefined): AbortController {
  const stop = new AbortController()
  if (signal?.aborted === true) stop.abort()
  signal?.addEventListener('abort', () => stop.abort(), { once: true })
  return stop
}

/** Posts this gate's health document to FLEET_URL whenever it says something new. */
function startFleetReporter(
  { fleet, service, target }: Config,
  health: Health,
  log: Log,
): { readonly close: () => Promise<void> } {
  if (fleet.url === null || fleet.token === null) return { close: async () => {} }
  const identity = { service: service.name, environment: target, instance: service.instance }
  const reporter = createReporter({ url: fleet.url, token: fleet.token, identity, log })
  onHealthChange(health, reporter.report)
  return reporter
}
