import type { Config } from '../config/config.js'
import type { Decision } from '../core/history/policy.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { SchemaError } from '../errors/schema-error.js'
import { createReporter } from '../fleet/reporter.js'
import type { Log } from '../logging/log.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { createHealthTracker, type HealthTracker } from './health-state.js'
import { onHealthChange } from './on-health-change.js'
import { superviseGate } from './supervise.js'

/** A gate: this build may serve on this database, and what the health routes say is kept up to date. */
export interface Gate {
  /** With REFUSE_BY=unready it may be `refuse`: then the gate is tried again until it opens. */
  readonly decision: Decision
  /** Resolves once the gate is open, which it is already unless REFUSE_BY is `unready`; rejects if it is closed before. */
  readonly opened: Promise<void>
  readonly health: HealthTracker
  readonly workspace: Workspace
  /** Turns readiness to 503 while routes still answer: the first step of a shutdown. */
  readonly drain: (signal: string) => void
  readonly close: () => Promise<void>
}

export interface StartGateOptions {
  readonly log: Log
  readonly report: ProgressReporter
  readonly health?: HealthTracker
  readonly signal?: AbortSignal
}

/**
 * Runs the whole story and keeps watching after it. To be awaited before a port is bound.
 * Throws the SchemaError of a refusal, with everything closed again; with REFUSE_BY=unready only where the fault is in the
 * files or the configuration of this build. Any other refusal is then a gate that is not open yet.
 */
export async function startGate(config: Config, options: StartGateOptions): Promise<Gate> {
  const health = options.health ?? createHealthTracker(config)
  const report: ProgressReporter = (progress) => {
    health.report(progress)
    options.report(progress)
  }
  const fleet = startFleetReporter(config, { health, log: options.log })
  const workspace = await openWorkspace(config, report).catch(async (error: unknown) => {
    await recordFailure(error, { health, fleet })
    throw error
  })
  const stop = createStopController(options.signal)
  try {
    const entrance = await superviseGate({
      workspace,
      health,
      log: options.log,
      report,
      reportToLog: options.report,
      stop: stop.signal,
    })
    return {
      get decision() {
        return entrance.decision()
      },
      opened: entrance.opened,
      health,
      workspace,
      drain: (signal) => report({ event: 'draining', signal, delay: config.http.shutdownDelay }),
      close: async () => {
        stop.abort()
        await entrance.close()
        await fleet.close()
        await workspace.close()
      },
    }
  } catch (error) {
    await recordFailure(error, { health, fleet })
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

interface FleetReporter {
  readonly close: () => Promise<void>
}

/** Posts this gate's health document to FLEET_URL whenever what it says changes. */
function startFleetReporter(
  { fleet, service, target }: Config,
  { health, log }: { readonly health: HealthTracker; readonly log: Log },
): FleetReporter {
  if (fleet.url === null || fleet.token === null) return { close: async () => {} }
  const identity = { service: service.name, environment: target, instance: service.instance }
  const reporter = createReporter({ url: fleet.url, token: fleet.token, identity, log })
  onHealthChange(health, reporter.report)
  return reporter
}

async function recordFailure(
  error: unknown,
  { health, fleet }: { readonly health: HealthTracker; readonly fleet: FleetReporter },
): Promise<void> {
  if (error instanceof SchemaError && error.code !== 'SCHEMA_INTERRUPTED') health.recordRefusal(error)
  await fleet.close()
}
