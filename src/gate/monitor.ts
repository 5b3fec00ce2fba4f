import type pg from 'pg'
import { findingsOf } from '../core/history/decision.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { describeDuration } from '../core/text/format.js'
import { withJitter } from '../postgres/connection/backoff.js'
import { isSessionLost, withTimeout } from '../postgres/connection/lifecycle.js'
import { hasSqlState, isNoResponse, sqlState } from '../postgres/connection/sqlstate.js'
import { matchesFingerprint } from '../postgres/inspect/fingerprint.js'
import { isCatalogLockedError } from '../postgres/locks/blocked-read.js'
import type { Workspace } from '../workspace.js'
import { assessDatabase, type CheckedDatabase, withoutCatalog } from './assess.js'
import type { HealthTracker } from './health-state.js'
import { createOutageReporter, type OutageReporter } from './outage.js'
import { createReconnectingClient } from './reconnecting-client.js'
import { recordAsVerified } from './record-verified.js'
import { reportOutcome } from './report-outcome.js'

export interface MonitorOptions {
  readonly workspace: Workspace
  readonly health: HealthTracker
  readonly report: ProgressReporter
  /** What opened the gate. */
  readonly initial: CheckedDatabase
}

/** The background verification of a serving process. */
export interface Monitor {
  readonly stop: () => Promise<void>
}

/**
 * Verifies again every VERIFY_INTERVAL, with jitter, one check at a time, on a connection of its own. The connection is
 * opened at once and stays open, so that a lost database is noticed when it is lost. No probe ever waits for a check.
 */
export function startMonitor(options: MonitorOptions): Monitor {
  const { interval } = options.workspace.config.verify
  const checks = createChecks(options, () => plan(Math.random() * 100))
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let failures = 0
  let stopped = false
  const plan = (delay: number): void => {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => run(checks.check, interval * (0.9 + Math.random() / 5)), delay).unref()
  }
  const run = (act: () => Promise<boolean>, next: number): void => {
    running ??= act()
      .then((succeeded) => {
        failures = succeeded ? 0 : failures + 1
        plan(succeeded ? next : retryDelay(failures))
      })
      .finally(() => {
        running = undefined
      })
  }
  // What was taken as unchanged is read as soon as the process serves.
  run(checks.open, options.initial.unchangedSince === null ? interval * Math.random() : 0)
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await checks.close(running)
    },
  }
}

const longestRetryDelay = 5_000

/** In milliseconds: longer each time, and different for each replica. */
function retryDelay(failures: number): number {
  return withJitter(Math.min(250 * 2 ** failures, longestRetryDelay))
}

interface Checks {
  /** Opens the connection; false where that failed. Never throws. */
  readonly open: () => Promise<boolean>
  /** Checks once; false where the database could not be read. Never throws. */
  readonly check: () => Promise<boolean>
  /** Ends the running check too. */
  readonly close: (running: Promise<void> | undefined) => Promise<void>
}

function createChecks(options: MonitorOptions, onLost: () => void): Checks {
  const connected = createReconnectingClient(options.workspace.connection, onLost)
  const outages = createOutageReporter(options)
  const check = createPublishedCheck(options, outages)
  let closed = false
  const attempt = async (act: (client: pg.Client) => Promise<void>): Promise<boolean> => {
    try {
      await act(await connected.open())
      return true
    } catch (error) {
      if (!closed) {
        outages.reportFailure(error)
        await connected.close()
      }
      return false
    }
  }
  const checkWithRetry = async (client: pg.Client): Promise<void> => {
    try {
      await check(client)
    } catch (error) {
      // One connection that was terminated is not a lost database, and neither is a server that is slow.
      if (closed || !isSessionLost(error, [client])) throw error
      await connected.close()
      await check(await connected.open(), error)
    }
  }
  return {
    open: () => attempt(async () => {}),
    check: () => attempt(checkWithRetry),
    close: async (running) => {
      closed = true
      await connected.close()
      await running
      // The running check may have opened it again.
      await connected.close()
    },
  }
}

/** Checks on a connection, and publishes the result. `failure` is that of the connection before, to be reported if it was silent. */
function createPublishedCheck(
  options: MonitorOptions,
  outages: OutageReporter,
): (client: pg.Client, failure?: unknown) => Promise<void> {
  const { timeout } = options.workspace.config.verify
  const checkOnce = createCheck(options)
  const publish = createPublisher(options)
  return async (client, failure = null) => {
    const wasSilent = isNoResponse(failure)
    try {
      const assessed = await withTimeout(client, { timeout }, () => checkOnce(client))
      if (wasSilent) outages.reportFailure(failure)
      outages.reportSuccess()
      if (assessed !== null) publish(assessed)
    } catch (error) {
      throw wasSilent && isNoResponse(error) ? slowCheckError(timeout, error) : error
    }
  }
}

/** The server accepts connections: requests can be answered, and only the check takes too long. */
function slowCheckError(timeout: number, cause: unknown): Error {
  return new Error(`a check takes longer than VERIFY_TIMEOUT (${describeDuration(timeout)})`, { cause })
}

/**
 * Reads in full only if something changed since two readings in a row found the same. One reading is not enough: what
 * PostgreSQL prints may come from its cache, which for a moment is older than the rows of the fingerprint.
 */
function createCheck(options: MonitorOptions): (client: pg.Client) => Promise<CheckedDatabase | null> {
  const { workspace, initial } = options
  const place = { ...workspace, timeout: workspace.config.verify.timeout }
  let last = initial
  let settled = false
  const check = async (client: pg.Client): Promise<CheckedDatabase | null> => {
    if (settled && (await matchesFingerprint(client, place, last.inspection.fingerprint))) return last
    const assessed = await checkInFull(client, options)
    if (assessed === null) return null
    settled =
      assessed.transient.length === 0 &&
      assessed.inspection.fingerprint.results === last.inspection.fingerprint.results
    last = assessed
    if (settled) await recordAsVerified(client, assessed, workspace)
    return assessed
  }
  return (client) => check(client).catch(nullIfLocked)
}

/** While others have locked tables or the ledger, the last result stands. */
function nullIfLocked(error: unknown): null {
  if (hasSqlState(error, sqlState.lockNotAvailable) || isCatalogLockedError(error)) return null
  throw error
}

/**
 * One full check; null while a process migrates, when the last result stands. A result that would refuse is read a second
 * time: a migration may have committed between the parts of what PostgreSQL shows.
 */
async function checkInFull(
  client: pg.Client,
  { workspace, initial }: MonitorOptions,
): Promise<CheckedDatabase | null> {
  const { timeout } = workspace.config.verify
  for (let attempt = 1; ; attempt += 1) {
    const assessed = await assessDatabase(client, workspace, initial.promise, { timeout })
    if (assessed.inspection.locked) return null
    if (assessed.decision.action !== 'refuse' || attempt === 2) return withoutCatalog(assessed)
  }
}

/** Hands every result to health, and logs it only if it differs from the one before. */
function createPublisher({ health, report, initial }: MonitorOptions): (checked: CheckedDatabase) => void {
  let last = resultKey(initial)
  return (next) => {
    const { servable } = health.recordResult(next)
    const current = resultKey(next)
    if (current === last) return
    last = current
    reportOutcome(next, report, servable ? 'goes on serving' : 'as decided')
  }
}

function resultKey({ assessment, decision }: CheckedDatabase): string {
  return JSON.stringify([assessment.history, findingsOf(assessment), decision])
}
