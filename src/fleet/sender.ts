const longestRetryAfterMs = 300_000

/** What came of sending one report. */
export type SendResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number }

/** Sends a report, as JSON, until it is answered, the deadline is over or it is to stop. Never rejects. */
export type SendReport = (body: string, stop: AbortSignal) => Promise<SendResult>

interface FleetEndpoint {
  /** The base URL of the fleet service. */
  readonly url: string
  readonly token: string
}

/** For one fleet service, whose answer may take `deadlineMs`. Null if no request can be made with this URL or this token. */
export function createSender({ url, token }: FleetEndpoint, deadlineMs: number): SendReport | null {
  const target = prepareRequest(url, token)
  if (target === null) return null
  const { endpoint, headers } = target
  return async (body, stop) => {
    const deadline = createDeadline(deadlineMs, stop)
    try {
      // A redirect would turn the POST into a GET.
      const init = { method: 'POST', headers, body, signal: deadline.signal, redirect: 'manual' } as const
      const response = await fetch(endpoint, init)
      await response.body?.cancel().catch(() => undefined)
      return classifyResponse(response)
    } catch (error) {
      return { kind: 'failed', reason: failureReasonOf(error, deadlineMs), retryAfterMs: 0 }
    } finally {
      deadline.clear()
    }
  }
}

function prepareRequest(url: string, token: string) {
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
function createDeadline(ms: number, stop: AbortSignal) {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, ms).unref()
  stop.addEventListener('abort', abort)
  return {
    signal: controller.signal,
    clear: (): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', abort)
    },
  }
}

function classifyResponse({ ok, status, headers }: Response): SendResult {
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
function failureReasonOf(error: unknown, deadlineMs: number): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'AbortError') return `no answer within ${deadlineMs} ms`
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name
}
