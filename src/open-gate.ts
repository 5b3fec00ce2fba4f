import type { Config } from './config.js'
import type { Decision } from './core/decision.js'
import type { Report } from './core/progress.js'
import { SchemaError } from './errors.js'
import { onChange } from './fleet/on-change.js'
import { createReporter } from './fleet/reporter.js'
import { passGate } from './gate.js'
import { createHealth, type Health } from './health.js'
import type { Log } from './log.js'
import { startWatch } from './watch.js'
import { openWorkspace, type Workspace } from './workspace.js'

/** An open gate: this build may serve on this database, and what the health routes say is kept up to date. */
export interface Gate {
  readonly decision: Decision
  readonly health: Health
  readonly workspace: Workspace
  /** Turns readiness to 503 while routes still answer: the first step of a shutdown. */
  readonly drain: (signal: string) => void
  readonly close: () => Promise<void>
}

export interface GateOptions {
  readonly log: Log
  readonly report: Report
  readonly health?: Health
  readonly signal?: AbortSignal
}

/**
 * Runs the whole story and keeps watching after it. To be awaited before a port is bound.
 * Throws the SchemaError of a refusal, with everything closed again.
 */
export async function openGate(config: Config, options: GateOptions): Promise<Gate> {
  const health = options.health ?? createHealth(config)
  const report: Report = (progress) => {
    health.report(progress)
    options.report(progress)
  }
  const fleet = reportToFleet(config, { health, log: options.log })
  const workspace = await openWorkspace(config, report).catch(async (error: unknown) => {
    await fail(error, { health, fleet })
    throw error
  })
  try {
    const passed = await passGate({
      workspace,
      report,
      ...(options.signal ? { signal: options.signal } : {}),
    })
    health.judged(passed)
    const watch = startWatch({ workspace, health, report, passed })
    return {
      decision: passed.decision,
      health,
      workspace,
      drain: (signal) => report({ event: 'draining', signal, delay: config.http.shutdownDelay }),
      close: async () => {
        await watch.stop()
        await fleet.close()
        await workspace.close()
      },
    }
  } catch (error) {
    await fail(error, { health, fleet })
    await workspace.close()
    throw error
  }
}

interface Fleet {
  readonly close: () => Promise<void>
}

/** Posts this gate's health document to FLEET_URL whenever what it says changes. */
function reportToFleet(
  { fleet, service, target }: Config,
  { health, log }: { readonly health: Health; readonly log: Log },
): Fleet {
  if (fleet.url === null || fleet.token === null) return { close: async () => {} }
  const identity = { service: service.name, environment: target, instance: service.instance }
  const reporter = createReporter({ url: fleet.url, token: fleet.token, identity, log })
  onChange(health, reporter.report)
  return reporter
}

async function fail(
  error: unknown,
  { health, fleet }: { readonly health: Health; readonly fleet: Fleet },
): Promise<void> {
  if (error instanceof SchemaError) health.refused(error)
  await fleet.close()
}
