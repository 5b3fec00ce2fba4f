import { setTimeout as delay } from 'node:timers/promises'
import type { FleetReport } from './schemas.js'
import { createSender, type SendResult, type SendReport } from './sender.js'

const queueLimit = 20
const abortMs = 50
const firstBackoffMs = 200
const longestBackoffMs = 60_000

/** The part of a `/health/schema` document that the fleet service requires; the rest goes with it as it is. */
export type ReportableHealth = Pick<FleetReport['health'], 'status' | 'phase' | 'revision'>

/** How long others are waited for, in milliseconds. */
export interface ReporterTimeouts {
  /** For the answer to a request. */
  readonly answer: number
  /** For what is queued, when it closes. */
  readonly closing: number
}

const defaultTimeouts: ReporterTimeouts = { answer: 5_000, closing: 1_000 }

/** What of pino is used here. */
export interface ReporterLog {
  readonly info: (facts: object, message: string) => void
  readonly warn: (facts: object, message: string) => void
}

export interface ReporterOptions {
  /** FLEET_URL: the base URL of the fleet service. */
  readonly url: string
  readonly token: string
  readonly identity: Pick<FleetReport, 'service' | 'environment' | 'instance'>
  readonly log: ReporterLog
  /** Default: 5 s for an answer, 1 s when it closes. */
  readonly timeouts?: ReporterTimeouts
}

export interface Reporter {
  /** Queues a document to be sent in the background. Returns at once, never throws; after `close` it does nothing. */
  readonly report: (document: ReportableHealth) => void
  /** Tries to send what is queued for as long as `patience` says, then gives up. Never rejects. */
  readonly close: () => Promise<void>
}

/** A report as JSON, made when it was reported: what the document said then. */
interface QueuedReport {
  readonly body: string
}

/**
 * The client of the fleet service: sends documents one at a time, in order. Network errors, 5xx, 408 and 429 are tried
 * again with growing pauses, for as long as it takes; of what waits meanwhile only the newest 20 are kept. What cannot
 * succeed is logged and dropped. The token is in no log. Keeps no process alive, except while it closes.
 */
export function createReporter({ timeouts = defaultTimeouts, ...options }: ReporterOptions): Reporter {
  const { identity, log } = options
  const send = createSender(options, timeouts.answer)
  if (send === null) {
    log.warn({}, 'FLEET_URL or FLEET_TOKEN cannot be used in a request: nothing is reported')
    return { report: () => undefined, close: async () => undefined }
  }
  const queue = createQueue(log)
  const worker = createWorker(queue, send, { log, closing: timeouts.closing })
  let closed: Promise<void> | undefined
  return {
    report: (health) => {
      if (closed !== undefined) return
      const entry = queuedReportOf({ ...identity, health })
      if (entry === null) return log.warn({}, 'a health document is not JSON: it was not reported')
      queue.add(entry)
      worker.start()
    },
    close: () => (closed ??= worker.close()),
  }
}

function queuedReportOf(report: object): QueuedReport | null {
  try {
    return { body: JSON.stringify(report) }
  } catch {
    return null
  }
}

function createQueue(log: ReporterLog) {
  const entries: QueuedReport[] = []
  let dropped = 0
  function dropOldest(): void {
    if (entries.length <= queueLimit) return
    entries.shift()
    dropped += 1
    log.warn({ dropped }, 'too many reports wait for the fleet service: the oldest was dropped')
  }
  return {
    add: (entry: QueuedReport): void => {
      entries.push(entry)
      dropOldest()
    },
    take: (): QueuedReport | undefined => entries.shift(),
    putBack: (entry: QueuedReport): void => {
      entries.unshift(entry)
      dropOldest()
    },
    size: (): number => entries.length,
  }
}

function createWorker(
  queue: ReturnType<typeof createQueue>,
  send: SendReport,
  { log, closing }: { readonly log: ReporterLog; readonly closing: number },
) {
  const stop = new AbortController()
  const pause = createPause()
  const next = () => (stop.signal.aborted ? undefined : queue.take())
  let running: Promise<void> | undefined

  async function work(): Promise<void> {
    let failures = 0
    for (let entry = next(); entry !== undefined; entry = next()) {
      const outcome = await send(entry.body, stop.signal)
      if (outcome.kind === 'failed') queue.putBack(entry)
      if (stop.signal.aborted) break
      logSendResult(log, outcome, failures)
      failures = outcome.kind === 'failed' ? failures + 1 : 0
      if (outcome.kind === 'failed') await pause.wait(outcome.retryAfterMs + backoffMs(failures))
    }
    if (queue.size() > 0) log.warn({ lost: queue.size() }, 'reports could not be sent before the end')
    running = undefined
  }

  return {
    start: (): void => {
      running ??= work()
    },
    close: async (): Promise<void> => {
      pause.skip()
      await waitAtMost(closing, running)
      stop.abort()
      pause.skip()
      await waitAtMost(abortMs, running)
    },
  }
}

/** One line when an outage begins, one when it ends, one for each report that is lost. */
function logSendResult(log: ReporterLog, outcome: SendResult, failures: number): void {
  if (outcome.kind === 'refused')
    log.warn({ reason: outcome.reason }, 'the fleet service refused a report: it was dropped')
  if (outcome.kind === 'failed' && failures === 0)
    log.warn({ reason: outcome.reason }, 'the fleet service takes no reports: trying again until it does')
  if (outcome.kind !== 'failed' && failures > 0)
    log.info({ failures }, 'the fleet service takes reports again')
}

function createPause() {
  let skipped = new AbortController()
  return {
    wait: (ms: number): Promise<void> =>
      delay(ms, undefined, { ref: false, signal: skipped.signal }).catch(() => undefined),
    skip: (): void => {
      skipped.abort()
      skipped = new AbortController()
    },
  }
}

/** Between half of a growing limit and all of it, so that instances that failed together do not come back together. */
function backoffMs(failures: number): number {
  const limit = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failures - 1))
  return limit * (0.5 + Math.random() / 2)
}

/** Waits for the work, or not longer than that. This timer is not unref'ed: somebody waits for it. */
async function waitAtMost(ms: number, work: Promise<void> | undefined): Promise<void> {
  const over = new AbortController()
  await Promise.race([work, delay(ms, undefined, { signal: over.signal })])
  over.abort()
}
