import { connect } from 'node:net'
import { Writable } from 'node:stream'
import pino from 'pino'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.js'
import { createHealthTracker, type HealthTracker } from '../../src/gate/health-state.js'
import { createLog } from '../../src/logging/log.js'
import { buildApp } from '../../src/service/app.js'

const reversed = 'songs\u202Egnos\u2066\u007F'

interface Listening {
  readonly port: number
  readonly health: HealthTracker
}

async function listen(t: Test): Promise<Listening> {
  const config = loadConfig({ root: t.testdir(), env: { HEALTH_DETAILS: 'always' } })
  const service = { name: reversed, version: null, release: null, instance: 'replica-1' }
  const health = createHealthTracker({
    service,
    target: 'production',
    policy: { onDriftWhileServing: 'warn' },
  })
  const app = await buildApp(config, health, pino({ level: 'silent' }), {
    api: {
      maxParamLength: 100,
      close: async () => {},
      register: async (app) => {
        app.get('/name', async () => ({ name: reversed }))
        app.get('/fails', async () => {
          throw new Error('secret')
        })
      },
    },
  })
  t.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => '' })
  return { port: Number(new URL(url).port), health }
}

interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sends bytes as they are, and reads until the server closes. */
async function send(port: number, request: string): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  socket.end(request)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(Buffer.from(chunk))
  const [head = '', ...body] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  )
  return { status: Number(first.split(' ')[1]), headers, body: body.join('\r\n\r\n') }
}

const get = (path: string, ...headers: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: songs', 'Connection: close', ...headers, '', ''].join('\r\n')

/** Every kind of answer, with its status; `problem` is of the type of errors. */
const requests: Readonly<Record<string, readonly [request: string, status: number, problem: boolean]>> = {
  alive: [get('/health/live'), 200, false],
  'not ready': [get('/health/ready'), 503, false],
  document: [get('/health/schema'), 503, false],
  page: [get('/health/schema', 'Accept: text/html'), 503, false],
  head: [get('/health/live').replace('GET', 'HEAD'), 200, false],
  api: [get('/name'), 200, false],
  'an error': [get('/fails'), 500, true],
  'no such path': [get('/nothing'), 404, true],
  'a bad path': [get('/%zz'), 400, true],
  'no HTTP': ['NONSENSE\r\n\r\n', 400, true],
  'a method that is none': ['FOO / HTTP/1.1\r\nHost: songs\r\n\r\n', 400, true],
  'a bad header': ['GET / HTTP/1.1\r\nHost: songs\r\nbad header\r\n\r\n', 400, true],
  'two lengths': [
    'POST / HTTP/1.1\r\nHost: songs\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    true,
  ],
  'large headers': [get('/health/live', `X-Large: ${'x'.repeat(40_000)}`), 431, true],
  'no host': ['GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 400, true],
  'an expectation': [get('/health/live', 'Expect: the-unexpected'), 417, true],
}

t.test('every answer forbids scripts, frames, sniffing and referrers', async (t) => {
  const { port } = await listen(t)
  for (const [name, [request, status, isProblem]] of Object.entries(requests)) {
    const answer = await send(port, request)
    t.equal(answer.status, status, name)
    t.match(
      answer.headers,
      {
        'content-security-policy': /^default-src 'none'; style-src 'sha256-\S+'; .*frame-ancestors 'none'$/,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
      name,
    )
    if (!isProblem) continue
    t.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8', name)
    t.match(JSON.parse(answer.body), { type: 'about:blank', status }, name)
  }
})

const accepts: readonly (readonly [accept: string, html: boolean])[] = [
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['Text/HTML', true],
  ['text/*', true],
  ['text/html;q=0', false],
  ['text/html; q=0.000, */*', false],
  ['text/html;q=0.5, application/json', false],
  ['application/json, text/html;q=0.9', false],
  ['application/json;q=0.1, text/html;q=0.2', true],
  ['text/html;q=0.5, */*', false],
  ['text/html;level=1;q=0', false],
  ['*/*', false],
  ['application/health+json', false],
  ['text/htmlx', false],
  ['text/html;q=many', false],
  ['', false],
]

t.test('HTML is for who prefers it', async (t) => {
  const { port } = await listen(t)
  for (const [accept, html] of accepts) {
    const { headers } = await send(port, get('/health/schema', `Accept: ${accept}`))
    t.equal(
      headers['content-type'],
      html ? 'text/html; charset=utf-8' : 'application/health+json; charset=utf-8',
      accept,
    )
  }
})

t.test('names that turn the direction of writing are escaped on page, in JSON and in the log', async (t) => {
  const { port } = await listen(t)
  const turning = /[\u202A-\u202E\u2066-\u2069\u007F]/
  for (const path of ['/health/schema', '/name']) {
    const { body } = await send(port, get(path))
    t.notMatch(body, turning, path)
    t.ok(Object.values(JSON.parse(body)).includes(reversed), 'the value is the same')
  }
  const page = await send(port, get('/health/schema', 'Accept: text/html'))
  t.notMatch(page.body, turning)
  t.match(page.body, 'songs\\u202egnos\\u2066\\u007f')
  t.notMatch((await send(port, get(`/${encodeURIComponent(reversed)}`))).body, turning)
  const lines: string[] = []
  const stream = new Writable({
    write: (chunk, _, done) => {
      lines.push(String(chunk))
      done()
    },
  })
  createLog('info', 'json', stream).info({ object: reversed }, reversed)
  t.notMatch(lines.join(''), turning)
  t.match(JSON.parse(lines.join('')), { object: reversed, msg: reversed })
})
