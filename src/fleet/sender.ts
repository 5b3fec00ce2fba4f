const longestRetryAfterMs = 300_000

/** The result of sending one report. `failed` can be retried, `refused` cannot. */
export type SendResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number }

/** Sends a report as JSON. Ends at the answer, at the deadline or at the stop signal. Never rejects. */
export type SendReport = (body: string, stop: AbortSignal) => Promise<SendResult>

/**
 * A sender to the fleet service at this base URL, which has to answer within `deadlineMs`. Null if no request can be made
 * with this URL or this token.
 */
export function createSender(url: string, token: string, deadlineMs: number): SendReport | null {
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
    // Throws for a URL with a password, as `fetch` would at every attempt.
    new Request(endpoint)
    return { endpoint, headers }
  } catch {
    // The error is not logged: its message holds the token or the password.
    return null
  }
}

/** Not `AbortSignal.any`: in Node 20 it leaks memory with a long-lived signal. */
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

/** The milliseconds to wait, from seconds or a date; 0 for any other text. */
function parseRetryAfter(value: string): number {
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), longestRetryAfterMs)
}

/** The code of the error. Its message may quote a header. */
function failureReasonOf(error: unknown, deadlineMs: number): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'AbortError') return `no answer within ${deadlineMs} ms`
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name
}
