import { setTimeout as delay } from 'node:timers/promises'
import type { Report } from './schemas.js'

const queueLimit = 20
const deadlineMs = 5_000
const flushMs = 1_000
const abortMs = 50
const firstBackoffMs = 200
const longestBackoffMs = 60_000
const longestRetryAfterMs = 300_000

/** The part of a `/health/schema` document that the fleet service requires; the rest goes with it as it is. */
export type ReportableHealth = Pick<Report['health'], 'status' | 'phase' | 'revision'>

/** What of pino is used here. */
export interface ReporterLog {
  readonly info: (facts: object, message: string) => void
  readonly warn: (facts: object, message: string) => void
}

export interface ReporterOptions {
  /** FLEET_URL: the base URL of the fleet service. */
  readonly url: string
  readonly token: string
  readonly identity: Pick<Report, 'service' | 'environment' | 'instance'>
  readonly log: ReporterLog
  readonly fetch?: typeof globalThis.fetch
}

export interface Reporter {
  /** Queues a document to be sent in the background. Returns at once, never throws; after `close` it does nothing. */
  readonly report: (document: ReportableHealth) => void
  /** Tries to send what is queued for at most a second, then gives up. Never rejects. */
  readonly close: () => Promise<void>
}

type Outcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number }

/** A report as JSON, made when it was reported: what the document said then. */
interface Entry {
  readonly body: string
}

type Send = (entry: Entry, stop: AbortSignal) => Promise<Outcome>

/**
 * The client of the fleet service: sends documents one at a time, in order. Network errors, 5xx, 408 and 429 are tried
 * again with growing pauses, for as long as it takes; of what waits meanwhile only the newest 20 are kept. What cannot
 * succeed is logged and dropped. The token is in no log. Keeps no process alive, except while it closes.
 */
export function createReporter(options: ReporterOptions): Reporter {
  const { identity, log } = options
  const send = createSender(options)
  if (send === null) {
    log.warn({}, 'FLEET_URL or FLEET_TOKEN cannot be used in a request: nothing is reported')
    return { report: () => undefined, close: async () => undefined }
  }
  const queue = createQueue(log)
  const worker = createWorker(queue, send, log)
  let closed: Promise<void> | undefined
  return {
    report: (health) => {
      if (closed !== undefined) return
      const entry = entryOf({ ...identity, health })
      if (entry === null) return log.warn({}, 'a health document is not JSON: it was not reported')
      queue.add(entry)
      worker.start()
    },
    close: () => (closed ??= worker.close()),
  }
}

function entryOf(report: object): Entry | null {
  try {
    return { body: JSON.stringify(report) }
  } catch {
    return null
  }
}

function createQueue(log: ReporterLog) {
  const entries: Entry[] = []
  let dropped = 0
  function dropOldest(): void {
    if (entries.length <= queueLimit) return
    entries.shift()
    dropped += 1
    log.warn({ dropped }, 'too many reports wait for the fleet service: the oldest was dropped')
  }
  return {
    add: (entry: Entry): void => {
      entries.push(entry)
      dropOldest()
    },
    take: (): Entry | undefined => entries.shift(),
    putBack: (entry: Entry): void => {
      entries.unshift(entry)
      dropOldest()
    },
    size: (): number => entries.length,
  }
}

function createWorker(queue: ReturnType<typeof createQueue>, send: Send, log: ReporterLog) {
  const stop = new AbortController()
  const pause = createPause()
  const next = () => (stop.signal.aborted ? undefined : queue.take())
  let running: Promise<void> | undefined

  async function work(): Promise<void> {
    let failures = 0
    for (let entry = next(); entry !== undefined; entry = next()) {
      const outcome = await send(entry, stop.signal)
      if (outcome.kind === 'failed') queue.putBack(entry)
      if (stop.signal.aborted) break
      logOutcome(log, outcome, failures)
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
      await within(flushMs, running)
      stop.abort()
      pause.skip()
      await within(abortMs, running)
    },
  }
}

/** One line when an outage begins, one when it ends, one for each report that is lost. */
function logOutcome(log: ReporterLog, outcome: Outcome, failures: number): void {
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
async function within(ms: number, work: Promise<void> | undefined): Promise<void> {
  const over = new AbortController()
  await Promise.race([work, delay(ms, undefined, { signal: over.signal })])
  over.abort()
}

/** Null if no request can be made with this URL or this token. */
function createSender({ url, token, fetch = globalThis.fetch }: ReporterOptions): Send | null {
  const target = targetOf(url, token)
  if (target === null) return null
  const { endpoint, headers } = target
  return async ({ body }, stop) => {
    const deadline = createDeadline(stop)
    try {
      // A redirect would turn the POST into a GET.
      const init = { method: 'POST', headers, body, signal: deadline.signal, redirect: 'manual' } as const
      const response = await fetch(endpoint, init)
      await response.body?.cancel().catch(() => undefined)
      return judge(response)
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error), retryAfterMs: 0 }
    } finally {
      deadline.clear()
    }
  }
}

function targetOf(url: string, token: string) {
  try {
    const endpoint = new URL(url)
    endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, '')}/api/v1/reports`
    const headers = new Headers({ authorization: `Bearer ${token}`, 'content-type': 'application/json' })
    // Throws, as `fetch` would at every attempt, if the URL has a password in it.
    new Request(endpoint)
    return { endpoint, headers }
  } catch {
    // The message would have the token or the password in it.
    return null
  }
}

/** `AbortSignal.any` would do, but holds on to its long-lived signals in Node 20. */
function createDeadline(stop: AbortSignal) {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, deadlineMs).unref()
  stop.addEventListener('abort', abort)
  return {
    signal: controller.signal,
    clear: (): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', abort)
    },
  }
}

function judge({ ok, status, headers }: Response): Outcome {
  const reason = `HTTP ${status}`
  if (ok) return { kind: 'accepted' }
  if (status < 500 && status !== 429 && status !== 408) return { kind: 'refused', reason }
  return { kind: 'failed', reason, retryAfterMs: parseRetryAfter(headers.get('retry-after') ?? '') }
}

/** Seconds or a date, as milliseconds from now; 0 for anything else. */
function parseRetryAfter(value: string): number {
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), longestRetryAfterMs)
}

/** Not the message of the error: it may quote a header. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'AbortError') return `no answer within ${deadlineMs} ms`
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name
}
