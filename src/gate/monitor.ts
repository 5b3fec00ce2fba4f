import type pg from 'pg'
import { decide, findingsOf } from '../core/history/decision.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { withJitter } from '../postgres/connection/backoff.js'
import { connect, type Connection } from '../postgres/connection/connect.js'
import { withTimeout, closeClient, isSessionLost } from '../postgres/connection/lifecycle.js'
import { hasSqlState, isNoResponse, sqlState } from '../postgres/connection/sqlstate.js'
import { matchesFingerprint } from '../postgres/inspect/fingerprint.js'
import { inspect } from '../postgres/inspect/inspect.js'
import { isCatalogLockedError } from '../postgres/locks/blocked-read.js'
import type { Workspace } from '../workspace.js'
import { assessInspection, type GateResult, reportOutcome } from './gate.js'
import type { HealthTracker } from './health-state.js'
import { createOutageReporter } from './outage.js'

export interface MonitorOptions {
  readonly workspace: Workspace
  readonly health: HealthTracker
  readonly report: ProgressReporter
  readonly initialResult: GateResult
}

/** The background check of a serving process. */
export interface Monitor {
  readonly stop: () => Promise<void>
}

const longestRetryDelay = 5_000

/**
 * Verifies again every VERIFY_INTERVAL, with jitter, one check at a time, on one connection of its own. It is opened at once
 * and kept, so that a database that goes away is noticed when it does. No probe ever waits for it.
 */
export function startMonitor(options: MonitorOptions): Monitor {
  const { interval } = options.workspace.config.verify
  const eye = createMonitorConnection(options, () => plan(Math.random() * 100))
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let failures = 0
  let stopped = false
  const plan = (delay: number): void => {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => run(eye.check, interval * (0.9 + Math.random() / 5)), delay).unref()
  }
  const run = (act: () => Promise<boolean>, next: number): void => {
    running ??= act()
      .then((worked) => {
        failures = worked ? 0 : failures + 1
        plan(worked ? next : checkRetryDelay(failures))
      })
      .finally(() => {
        running = undefined
      })
  }
  run(eye.open, interval * Math.random())
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await eye.close(running)
    },
  }
}

/** In milliseconds: later each time, and not all replicas at the same moment. */
function checkRetryDelay(failures: number): number {
  return withJitter(Math.min(250 * 2 ** failures, longestRetryDelay))
}

interface MonitorConnection {
  /** Opens the connection; false where that could not be. Never throws. */
  readonly open: () => Promise<boolean>
  /** Checks once; false where the database could not be read. Never throws. */
  readonly check: () => Promise<boolean>
  /** Ends what is running, too. */
  readonly close: (running: Promise<void> | undefined) => Promise<void>
}

function createMonitorConnection(options: MonitorOptions, onLost: () => void): MonitorConnection {
  const { workspace } = options
  const { timeout } = workspace.config.verify
  const kept = createReconnectingClient(workspace.connection, onLost)
  const checkOnce = createCheck(options)
  const publish = createPublisher(options)
  const losses = createOutageReporter(options)
  let closed = false
  const seen = (passed: GateResult | null): void => {
    losses.reportSuccess()
    if (passed !== null) publish(passed)
  }
  const attempt = async (act: (client: pg.Client) => Promise<void>): Promise<boolean> => {
    try {
      await act(await kept.open())
      return true
    } catch (error) {
      if (!closed) {
        losses.reportFailure(error)
        await kept.close()
      }
      return false
    }
  }
  const check = async (client: pg.Client): Promise<void> =>
    seen(await withTimeout(client, { timeout }, () => checkOnce(client)))
  return {
    open: () => attempt(async () => {}),
    check: () =>
      attempt((client) =>
        check(client).catch(async (error: unknown) => {
          // One connection that somebody ended is no lost database.
          if (closed || isNoResponse(error) || !isSessionLost(error, [client])) throw error
          await kept.close()
          await check(await kept.open())
        }),
      ),
    close: async (running) => {
      closed = true
      await kept.close()
      await running
      // It may have been opened meanwhile.
      await kept.close()
    },
  }
}

interface ReconnectingClient {
  readonly open: () => Promise<pg.Client>
  readonly close: () => Promise<void>
}

/** A connection that is kept, and opened anew once it is lost. */
function createReconnectingClient(connection: Connection, onLost: () => void): ReconnectingClient {
  let client: pg.Client | null = null
  const forget = (): void => {
    client = null
    onLost()
  }
  const open = async (): Promise<pg.Client> => {
    const opened = await connect(connection)
    return opened.once('end', forget)
  }
  return {
    open: async () => (client ??= await open()),
    close: async () => {
      const last = client
      client = null
      if (last === null) return
      last.off('end', forget)
      await closeClient(last)
    },
  }
}

/**
 * Reads in full only when something has changed since two readings in a row that found the same. One is not enough:
 * what PostgreSQL prints may come from its cache, for a moment older than the rows the hash is of.
 */
function createCheck(options: MonitorOptions): (client: pg.Client) => Promise<GateResult | null> {
  const place = { ...options.workspace, timeout: options.workspace.config.verify.timeout }
  let last = options.initialResult
  let settled = false
  const check = async (client: pg.Client): Promise<GateResult | null> => {
    if (settled && (await matchesFingerprint(client, place, last.inspection.fingerprint))) return last
    const passed = await runFullCheck(client, options)
    if (passed === null) return null
    settled = passed.inspection.fingerprint.results === last.inspection.fingerprint.results
    last = passed
    return passed
  }
  return (client) => check(client).catch(nullIfLocked)
}

/** While others have locked tables or the ledger, the last result stands. */
function nullIfLocked(error: unknown): null {
  if (hasSqlState(error, sqlState.lockNotAvailable) || isCatalogLockedError(error)) return null
  throw error
}

/**
 * One full check; null while somebody migrates, when the last result stands. What looks worse than before is read a second
 * time, because a migration may have committed between the parts of what PostgreSQL shows.
 */
async function runFullCheck(
  client: pg.Client,
  { workspace, initialResult }: MonitorOptions,
): Promise<GateResult | null> {
  const { timeout, scope } = workspace.config.verify
  const options = { ...workspace, timeout, scope }
  const { snapshot } = initialResult
  for (let attempt = 1; ; attempt += 1) {
    const inspection = await inspect(client, options)
    if (inspection.locked) return null
    const assessment = await assessInspection(client, workspace, { inspection, snapshot })
    const decision = decide(assessment, workspace.config.policy)
    if (decision.action !== 'refuse' || attempt === 2) return { snapshot, inspection, assessment, decision }
  }
}

/** Takes every result into health, and logs it only when it differs from the one before. */
function createPublisher({ health, report, initialResult }: MonitorOptions): (passed: GateResult) => void {
  let last = resultKey(initialResult)
  return (next) => {
    health.recordResult(next)
    const current = resultKey(next)
    if (current === last) return
    last = current
    reportOutcome(next, report)
  }
}

function resultKey({ assessment, decision }: GateResult): string {
  return JSON.stringify([assessment.history, findingsOf(assessment), decision])
}
