import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { problemText, problemType, sendProblem } from '../http/problem.js'
import { securityHeaders } from '../http/security-headers.js'

/** What is wrong with a request that Node cannot parse, by the code of its error. */
const parserProblems: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions of the request are too large.'],
}

const malformed = [400, 'The request is not valid HTTP.'] as const

/** Answers a request that Node cannot parse: for `clientErrorHandler` of Fastify's options. */
export function handleClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [status, detail] = parserProblems[error.code ?? ''] ?? malformed
  if (socket.writable) socket.write(rawProblem(status, detail))
  socket.destroy(error)
}

function rawProblem(status: number, detail: string): string {
  const body = problemText(status, detail)
  const lines = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`
}

function headersOf(body: string): Readonly<Record<string, string>> {
  return {
    ...securityHeaders,
    'content-type': problemType,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
}

/** The option with which Node leaves a request without a Host header to `answerNodeErrors`. */
export const hostCheckOption = { requireHostHeader: false } as const

/** Answers what Node would answer with an empty body: a request without a Host header, and an unknown expectation. */
export function answerNodeErrors(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.headers.host !== undefined || request.raw.httpVersion === '1.0') return done()
    sendProblem(reply.header('connection', 'close'), 400, 'The request has no Host header.')
  })
  app.server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    const body = problemText(417, 'The service meets no expectation but 100-continue.')
    response.writeHead(417, headersOf(body)).end(body)
  })
}
