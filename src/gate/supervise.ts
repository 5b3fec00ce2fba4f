import type { Decision } from '../core/history/decision.js'
import type { Report } from '../core/progress/events.js'
import { type ErrorCode, SchemaError } from '../errors/schema-error.js'
import { type Log, logRefusal } from '../logging/log.js'
import type { Workspace } from '../workspace.js'
import { type Passed, passGate } from './gate.js'
import type { Health } from './health-state.js'
import { startWatch, type Watch } from './monitor.js'
import { waitForGate } from './retry.js'

export interface Entering {
  readonly workspace: Workspace
  readonly health: Health
  readonly log: Log
  readonly report: Report
  /** Reports to the log alone, not to health. */
  readonly tell: Report
  readonly stop: AbortSignal
}

/** The way in: open and watched, or refused and tried again. */
export interface Entrance {
  readonly decision: () => Decision
  readonly opened: Promise<void>
  /** To be called after `stop` was aborted. */
  readonly close: () => Promise<void>
}

/** Faults of this build itself: as long as it runs nobody can mend them. */
const ownFaults: ReadonlySet<ErrorCode> = new Set([
  'SCHEMA_USAGE',
  'SCHEMA_CONFIG_INVALID',
  'SCHEMA_KNEXFILE_INVALID',
  'SCHEMA_MIGRATIONS_EMPTY',
  'SCHEMA_MIGRATION_UNLOADABLE',
  'SCHEMA_SNAPSHOT_INVALID',
  'SCHEMA_INTERRUPTED',
])

const unready = { consequence: () => 'Every request is answered with 503 until that is mended.' } as const

/**
 * Passes the gate and watches from then on. With REFUSE_BY=unready a gate that refuses is tried again in the background;
 * else, and for faults of this build itself, throws the SchemaError.
 */
export async function enter(entering: Entering): Promise<Entrance> {
  const { workspace, health, report } = entering
  let decision: Decision = { action: 'refuse', situations: [] }
  let watch: Watch | null = null
  const open = (passed: Passed): void => {
    decision = health.judged(passed)
    watch = startWatch({ workspace, health, report, passed })
  }
  const first = await passOrHold(entering)
  const opened =
    first instanceof SchemaError ? reopen(entering, first).then(open) : Promise.resolve(open(first))
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

async function passOrHold({ workspace, report, stop: signal }: Entering): Promise<Passed | SchemaError> {
  const waits = workspace.config.policy.refuseBy === 'unready'
  try {
    return await passGate({ workspace, report, signal, ...(waits ? unready : {}) })
  } catch (error) {
    if (waits && error instanceof SchemaError && !ownFaults.has(error.code)) return error
    throw error
  }
}

async function reopen(entering: Entering, refused: SchemaError): Promise<Passed> {
  const { workspace, health, log, tell, stop: signal } = entering
  const since = performance.now()
  const onRefused = (error: SchemaError): void => {
    health.refused(error)
    logRefusal(log, error, 'error')
  }
  onRefused(refused)
  const passed = await waitForGate({
    context: { workspace, report: tell, signal, ...unready },
    health,
    refused,
    onRefused,
    onFailed: (error) => logRefusal(log, error, 'warn'),
  })
  tell({ event: 'gate opened', after: performance.now() - since })
  return passed
}
