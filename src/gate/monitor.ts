import type pg from 'pg'
import { decide, findingsOf } from '../core/history/decision.js'
import type { Report } from '../core/progress/events.js'
import { jittered } from '../postgres/connection/backoff.js'
import { isSilence } from '../postgres/connection/connect-errors.js'
import { connect, type Connection } from '../postgres/connection/connect.js'
import { answered, close, isLoss } from '../postgres/connection/lifecycle.js'
import { stillHolds } from '../postgres/inspect/fingerprint.js'
import { inspect } from '../postgres/inspect/inspect.js'
import { isCatalogLocked, isLocked } from '../postgres/locks/blocked-read.js'
import type { Workspace } from '../workspace.js'
import { examine, type Passed, tellOutcome } from './gate.js'
import type { Health } from './health-state.js'
import { tellLosses } from './outage.js'

export interface WatchOptions {
  readonly workspace: Workspace
  readonly health: Health
  readonly report: Report
  readonly passed: Passed
}

/** The background check of a serving process. */
export interface Watch {
  readonly stop: () => Promise<void>
}

const longestRetry = 5_000

/**
 * Verifies again every VERIFY_INTERVAL, with jitter, one check at a time, on one connection of its own. It is opened at once
 * and kept, so that a database that goes away is noticed when it does. No probe ever waits for it.
 */
export function startWatch(options: WatchOptions): Watch {
  const { interval } = options.workspace.config.verify
  const eye = openEye(options, () => plan(Math.random() * 100))
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let failures = 0
  let stopped = false
  const plan = (delay: number): void => {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => run(eye.look, interval * (0.9 + Math.random() / 5)), delay).unref()
  }
  const run = (act: () => Promise<boolean>, next: number): void => {
    running ??= act()
      .then((worked) => {
        failures = worked ? 0 : failures + 1
        plan(worked ? next : retryAfter(failures))
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
function retryAfter(failures: number): number {
  return jittered(Math.min(250 * 2 ** failures, longestRetry))
}

interface Eye {
  /** Opens the connection; false where that could not be. Never throws. */
  readonly open: () => Promise<boolean>
  /** Checks once; false where the database could not be read. Never throws. */
  readonly look: () => Promise<boolean>
  /** Ends what is running, too. */
  readonly close: (running: Promise<void> | undefined) => Promise<void>
}

function openEye(options: WatchOptions, onLost: () => void): Eye {
  const { workspace } = options
  const { timeout } = workspace.config.verify
  const kept = keepConnection(workspace.connection, onLost)
  const checkOnce = checker(options)
  const publish = publisher(options)
  const losses = tellLosses(options)
  let closed = false
  const seen = (passed: Passed | null): void => {
    losses.ended()
    if (passed !== null) publish(passed)
  }
  const attempt = async (act: (client: pg.Client) => Promise<void>): Promise<boolean> => {
    try {
      await act(await kept.open())
      return true
    } catch (error) {
      if (!closed) {
        losses.began(error)
        await kept.end()
      }
      return false
    }
  }
  const check = async (client: pg.Client): Promise<void> =>
    seen(await answered(client, { timeout }, () => checkOnce(client)))
  return {
    open: () => attempt(async () => {}),
    look: () =>
      attempt((client) =>
        check(client).catch(async (error: unknown) => {
          // One connection that somebody ended is no lost database.
          if (closed || isSilence(error) || !isLoss(error, [client])) throw error
          await kept.end()
          await check(await kept.open())
        }),
      ),
    close: async (running) => {
      closed = true
      await kept.end()
      await running
      // It may have been opened meanwhile.
      await kept.end()
    },
  }
}

interface Kept {
  readonly open: () => Promise<pg.Client>
  readonly end: () => Promise<void>
}

/** A connection that is kept, and opened anew once it is lost. */
function keepConnection(connection: Connection, onLost: () => void): Kept {
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
    end: async () => {
      const last = client
      client = null
      if (last === null) return
      last.off('end', forget)
      await close(last)
    },
  }
}

/**
 * Reads in full only when something has changed since two readings in a row that found the same. One is not enough:
 * what PostgreSQL prints may come from its cache, for a moment older than the rows the hash is of.
 */
function checker(options: WatchOptions): (client: pg.Client) => Promise<Passed | null> {
  const place = { ...options.workspace, timeout: options.workspace.config.verify.timeout }
  let last = options.passed
  let settled = false
  const check = async (client: pg.Client): Promise<Passed | null> => {
    if (settled && (await stillHolds(client, place, last.inspection.evidence))) return last
    const passed = await checkInFull(client, options)
    if (passed === null) return null
    settled = passed.inspection.evidence.found === last.inspection.evidence.found
    last = passed
    return passed
  }
  return (client) => check(client).catch(nothingWhereLocked)
}

/** While others have locked tables or the ledger, the last result stands. */
function nothingWhereLocked(error: unknown): null {
  if (isLocked(error) || isCatalogLocked(error)) return null
  throw error
}

/**
 * One full check; null while somebody migrates, when the last result stands. What looks worse than before is read a second
 * time, because a migration may have committed between the parts of what PostgreSQL shows.
 */
async function checkInFull(client: pg.Client, { workspace, passed }: WatchOptions): Promise<Passed | null> {
  const { timeout, scope } = workspace.config.verify
  const options = { ...workspace, timeout, scope }
  const { snapshot } = passed
  for (let attempt = 1; ; attempt += 1) {
    const inspection = await inspect(client, options)
    if (inspection.locked) return null
    const assessment = await examine(client, workspace, { inspection, snapshot })
    const decision = decide(assessment, workspace.config.policy)
    if (decision.action !== 'refuse' || attempt === 2) return { snapshot, inspection, assessment, decision }
  }
}

/** Takes every result into health, and logs it only when it differs from the one before. */
function publisher({ health, report, passed }: WatchOptions): (passed: Passed) => void {
  let last = fingerprint(passed)
  return (next) => {
    health.judged(next)
    const current = fingerprint(next)
    if (current === last) return
    last = current
    tellOutcome(next, report)
  }
}

function fingerprint({ assessment, decision }: Passed): string {
  return JSON.stringify([assessment.history, findingsOf(assessment), decision])
}
