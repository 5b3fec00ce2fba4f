import { setTimeout as delay } from 'node:timers/promises'
import type { FleetReport } from './schemas.js'
import { createSender, type SendResult, type SendReport } from './sender.js'

const queueLimit = 20
const abortMs = 50
const firstBackoffMs = 200
const longestBackoffMs = 60_000

/** The members of a `/health/schema` document that the fleet service requires. All other members are sent too. */
export type ReportableHealth = Pick<FleetReport['health'], 'status' | 'phase' | 'revision'>

/** How long the reporter waits, in milliseconds. */
export interface ReporterTimeouts {
  /** For the answer to a request. */
  readonly answer: number
  /** For the queue to be sent when the reporter closes. */
  readonly closing: number
}

const defaultTimeouts: ReporterTimeouts = { answer: 5_000, closing: 1_000 }

/** The part of a pino logger that the reporter uses. */
export interface ReporterLog {
  readonly info: (facts: object, message: string) => void
  readonly warn: (facts: object, message: string) => void
}

export interface ReporterOptions {
  /** FLEET_URL: the base URL of the fleet service. */
  readonly url: string
  readonly token: string
  readonly identity: { readonly service: string; readonly environment: string; readonly instance: string }
  readonly log: ReporterLog
  /** Default: 5 s for an answer, 1 s for closing. */
  readonly timeouts?: ReporterTimeouts
}

export interface Reporter {
  /** Queues a document, which is sent in the background. Never throws; does nothing after `close`. */
  readonly report: (document: ReportableHealth) => void
  /** Sends what is queued for at most `timeouts.closing`, then drops the rest. Never rejects. */
  readonly close: () => Promise<void>
}

/** A report as JSON. It is written when it is queued, because the document can change before it is sent. */
interface QueuedReport {
  readonly body: string
}

/**
 * The client of the fleet service: sends documents one at a time, in order. Retries after network errors, 5xx, 408 and 429,
 * with growing pauses and without limit; meanwhile it keeps the newest 20 documents. Logs and drops a document that the
 * service refuses. Never logs the token. Does not keep the process alive, except while it closes.
 */
export function createReporter({
  url,
  token,
  identity,
  log,
  timeouts = defaultTimeouts,
}: ReporterOptions): Reporter {
  const send = createSender(url, token, timeouts.answer)
  if (send === null) {
    log.warn({}, 'FLEET_URL or FLEET_TOKEN cannot be used in a request. Nothing is reported.')
    return { report: () => undefined, close: async () => undefined }
  }
  const queue = createQueue(log)
  const worker = createWorker(queue, send, log, timeouts.closing)
  let closed: Promise<void> | undefined
  return {
    report: (health) => {
      if (closed !== undefined) return
      const entry = queuedReportOf({ ...identity, health })
      if (entry === null)
        return log.warn({}, 'A health document cannot be written as JSON. It is not reported.')
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
    log.warn({ dropped }, 'Too many reports wait for the fleet service. The oldest one was dropped.')
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
  log: ReporterLog,
  closingTimeout: number,
) {
  const stop = new AbortController()
  const pause = createPause()
  const next = () => (stop.signal.aborted ? undefined : queue.take())
  let running: Promise<void> | undefined

  async function work(): Promise<void> {
    let failures = 0
    for (let entry = next(); entry !== undefined; entry = next()) {
      const result = await send(entry.body, stop.signal)
      if (result.kind === 'failed') queue.putBack(entry)
      if (stop.signal.aborted) break
      logSendResult(log, result, failures)
      failures = result.kind === 'failed' ? failures + 1 : 0
      if (result.kind === 'failed') await pause.wait(result.retryAfterMs + backoffMs(failures))
    }
    if (queue.size() > 0)
      log.warn({ lost: queue.size() }, 'Some reports could not be sent before the service ended.')
    running = undefined
  }

  return {
    start: (): void => {
      running ??= work()
    },
    close: async (): Promise<void> => {
      pause.skip()
      await waitAtMost(closingTimeout, running)
      stop.abort()
      pause.skip()
      await waitAtMost(abortMs, running)
    },
  }
}

/** Logs the begin and the end of an outage, and each report that is lost. */
function logSendResult(log: ReporterLog, result: SendResult, failures: number): void {
  if (result.kind === 'refused')
    log.warn({ reason: result.reason }, 'The fleet service refused a report. The report was dropped.')
  if (result.kind === 'failed' && failures === 0)
    log.warn(
      { reason: result.reason },
      'The fleet service accepts no reports. The service retries until it does.',
    )
  if (result.kind !== 'failed' && failures > 0)
    log.info({ failures }, 'The fleet service accepts reports again.')
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

/** A random time between half of a growing limit and the limit, so that instances do not all retry at once. */
function backoffMs(failures: number): number {
  const limit = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failures - 1))
  return limit * (0.5 + Math.random() / 2)
}

/** Waits for the work, for at most `ms`. The timer keeps the process alive until then. */
async function waitAtMost(ms: number, work: Promise<void> | undefined): Promise<void> {
  const over = new AbortController()
  await Promise.race([work, delay(ms, undefined, { signal: over.signal })])
  over.abort()
}
