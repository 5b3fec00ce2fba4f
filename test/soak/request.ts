import { type Agent, request as send } from 'node:http'

export interface Question {
  readonly agent: Agent
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON by POST. */
  readonly body?: object
  /** Milliseconds. */
  readonly timeout: number
}

/** What came back; status 0 where nothing did, then `text` is why. Times in milliseconds. */
export interface Answer {
  readonly status: number
  readonly text: string
  /** When it was asked, since the epoch. */
  readonly from: number
  readonly took: number
}

/** Asks a server. Never rejects. */
export function ask({ agent, url, headers = {}, body, timeout }: Question): Promise<Answer> {
  const [from, started] = [Date.now(), performance.now()]
  const answer = (status: number, text: string): Answer => ({
    status,
    text,
    from,
    took: performance.now() - started,
  })
  return new Promise((resolve) => {
    const failed = (error: Error): void =>
      resolve(answer(0, 'code' in error ? String(error.code) : error.message))
    const request = send(url, {
      agent,
      signal: AbortSignal.timeout(timeout),
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    })
    request.on('error', failed).on('response', (response) => {
      const chunks: Buffer[] = []
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => resolve(answer(response.statusCode ?? 0, Buffer.concat(chunks).toString())))
        .on('error', failed)
    })
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
