import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import knexFrom from 'knex'
import pg from 'pg'
import pino from 'pino'
import t, { type Test } from 'tap'
import * as create from '../../migrations/20261121090000_create_fleet_reports.js'
import * as index from '../../migrations/20261121090500_index_fleet_reports.js'
import { loadConfig } from '../../src/config/load.js'
import { createHealthTracker } from '../../src/gate/health-state.js'
import { buildApp } from '../../src/service/app.js'
import { createFleetRepository } from '../../src/service/fleet-repository.js'
import { fleetMaxParamLength, fleetRoutes } from '../../src/service/fleet-routes.js'
import { type HttpTimeouts, defaultHttpTimeouts } from '../../src/service/http-timeouts.js'
import { createDatabase, query } from '../support/database.js'
import { ask, eventually } from '../support/process.js'

const token = 'correct-horse-hostile'
const path = '/api/v1/reports'
const revision = { current: '1_a', head: '1_a', position: 'current', pending: [], unknown: [] } as const
const health = { status: 'pass', phase: 'serving', revision } as const
const report = { service: 'songs', environment: 'production', instance: 'pod-1', health } as const

interface Server {
  readonly app: FastifyInstance
  readonly url: string
  readonly port: number
  readonly logged: readonly string[]
  readonly database: string
}

/** Starts the service on a database of its own. */
async function listen(t: Test, timeouts: Partial<HttpTimeouts> = {}): Promise<Server> {
  const database = await createDatabase(t)
  const knex = knexFrom({
    client: 'pg',
    connection: { connectionString: database },
    pool: { min: 0, max: 2 },
  })
  t.teardown(() => knex.destroy())
  await create.up(knex)
  await index.up(knex)
  const logged: string[] = []
  const service = { name: 'songs', version: null, release: null, instance: 'replica-1' }
  const app = await buildApp(
    loadConfig({ root: t.testdir(), env: { FLEET_TOKEN: token, HEALTH_DETAILS: 'token' } }),
    createHealthTracker({ service, target: 'production', policy: { onDriftWhileServing: 'warn' } }),
    pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) }),
    {
      api: {
        register: (app) => app.register(fleetRoutes, { repository: createFleetRepository(knex), token }),
        maxParamLength: fleetMaxParamLength,
        close: () => knex.destroy(),
      },
      timeouts: { ...defaultHttpTimeouts, ...timeouts },
    },
  )
  t.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => '' })
  return { app, url, port: Number(new URL(url).port), logged, database }
}

const json = JSON.stringify(report)
/** The report with a piece of JSON in its health document. */
const having = (piece: string): string => json.replace('"phase"', `${piece},"phase"`)
const many = (item: string, count: number): string => Array.from({ length: count }, () => item).join(',')

interface Body {
  readonly name: string
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
}

const bodies: readonly Body[] = [
  { name: 'a prototype', body: having('"__proto__":{"admin":true}'), status: 400 },
  {
    name: 'a prototype in other letters',
    body: having(String.raw`"\u005f_proto__":{"admin":true}`),
    status: 400,
  },
  {
    name: 'a prototype deep down',
    body: having('"checks":{"a":[{"__proto__":{"admin":true}}]}'),
    status: 400,
  },
  { name: 'a constructor', body: having('"constructor":{"prototype":{"admin":true}}'), status: 400 },
  { name: 'no object', body: '[]', status: 400 },
  { name: 'null', body: 'null', status: 400 },
  { name: 'nothing', body: '', status: 400 },
  { name: 'a number that is none', body: having('"notes":[1e999]'), status: 400 },
  { name: 'lists for texts', body: json.replace('"songs"', '["songs"]'), status: 400 },
  { name: 'an object for a text', body: json.replace('"songs"', '{"toString":"x"}'), status: 400 },
  {
    name: 'more names than a list may have',
    body: json.replace('"pending":[]', `"pending":[${many('"a"', 5_001)}]`),
    status: 400,
  },
  {
    name: 'a list of faults',
    body: json.replace('"pending":[]', `"pending":[${many('1', 100_000)}]`),
    status: 400,
  },
  { name: 'a list of lists', body: having(`"checks":{"a":[${many('[]', 80_000)}]}`), status: 201 },
  { name: 'the same key twice', body: json.replace('{', '{"service":7,'), status: 201 },
  {
    name: 'bytes that are no UTF-8',
    body: Buffer.from(json.replace('songs', 's\u00ff\u00fe'), 'latin1'),
    status: 201,
  },
  {
    name: 'something compressed',
    body: Buffer.from('1f8b0800', 'hex'),
    headers: { 'content-encoding': 'gzip' },
    status: 400,
  },
  { name: 'more than is read', body: having(`"notes":["${'x'.repeat(300_000)}"]`), status: 413 },
]

t.test('every report is stored or refused, and nothing else changes', async (t) => {
  const { url, logged } = await listen(t)
  for (const { name, body, headers = {}, status } of bodies) {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body,
    })
    const text = await answer.text()
    t.equal(answer.status, status, `${name}: ${text.slice(0, 200)}`)
    t.ok(text.length < 5_000, `${name} gets a short answer: ${text.length}`)
    if (status >= 400)
      t.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8', name)
  }
  t.notOk('admin' in {}, 'no prototype was changed')
  t.strictSame(logged, [])
})

const post = (headers: string): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n${headers}\r\n`
const get = 'GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n'

interface Client {
  readonly name: string
  /** What it sends first. */
  readonly sends: string
  /** What it sends again and again after that. */
  readonly drips?: string
  /** The statuses it gets before it is closed. */
  readonly gets: readonly number[]
}

const clients: readonly Client[] = [
  { name: 'opens a connection and sends nothing', sends: '', gets: [408] },
  {
    name: 'begins with the headers and stops',
    sends: 'GET /health/live HTTP/1.1\r\nhost: a\r\n',
    gets: [408],
  },
  {
    name: 'sends one header after another',
    sends: 'GET / HTTP/1.1\r\nhost: a\r\n',
    drips: 'x: y\r\n',
    gets: [408],
  },
  { name: 'sends no body', sends: post('content-length: 100\r\n'), gets: [408] },
  { name: 'sends a body byte by byte', sends: post('content-length: 100000\r\n'), drips: ' ', gets: [408] },
  {
    name: 'sends a body without an end',
    sends: post('transfer-encoding: chunked\r\n'),
    drips: '1\r\n \r\n',
    gets: [408],
  },
  { name: 'stays without asking again', sends: get, gets: [200] },
  { name: 'asks, stays, and begins again', sends: `${get}GET /health`, gets: [200, 408] },
  { name: 'sends garbage', sends: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n', gets: [400] },
  { name: 'sends garbage after a request', sends: `${get}garbage\r\n\r\n`, gets: [200, 400] },
  {
    name: 'sends too many headers',
    sends: `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    gets: [431],
  },
  {
    name: 'gives two lengths',
    sends: post('content-length: 5\r\ntransfer-encoding: chunked\r\n'),
    gets: [400],
  },
  { name: 'announces more than is read', sends: post('content-length: 300000000\r\n'), gets: [413] },
]

/** Sends until the connection is closed. Resolves with everything it received. */
async function talk(port: number, { sends, drips }: Client): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  let got = ''
  socket.on('error', () => {}).on('data', (text: string) => void (got += text))
  socket.write(sends)
  const timer = drips === undefined ? undefined : setInterval(() => socket.write(drips), 200)
  await closed
  clearInterval(timer)
  return got
}

const statusesIn = (text: string): readonly number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))

t.test('slow and half-open clients are disconnected, and other clients are answered', async (t) => {
  // Long enough that a complete request is read in time on a machine that is busy for a few seconds.
  const timeouts = { headers: 8_000, request: 9_000, keepAlive: 10_000, check: 100 }
  const { url, port, logged } = await listen(t, timeouts)
  const crowd = clients.flatMap((client) =>
    Array.from({ length: 20 }, () => ({ client, got: talk(port, client) })),
  )
  for (let round = 0; round < 20; round++) t.equal((await ask(`${url}/health/live`)).status, 200)
  for (const { client, got } of crowd) t.strictSame(statusesIn(await got), client.gets, client.name)
  t.equal((await ask(`${url}/health/live`)).status, 200)
  t.strictSame(logged, [], 'mistakes of clients are not logged')
})

t.test('closing waits for requests that have arrived, not for incomplete ones', async (t) => {
  const { app, url, port } = await listen(t, { closing: 300 })
  const late = clients.filter(({ gets }) => gets.includes(408) || (gets.length === 1 && gets[0] === 200))
  const crowd = late.map((client) => talk(port, client))
  t.equal((await ask(`${url}/health/live`)).status, 200)
  const connections = async (): Promise<number> =>
    new Promise((resolve, reject) =>
      app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    )
  await eventually('all clients are connected', { look: async () => (await connections()) >= late.length })
  await app.close()
  await Promise.all(crowd)
  t.equal(await connections(), 0)
})

t.test('a request that has arrived is answered while the application closes', async (t) => {
  const { app, url, database } = await listen(t, { closing: 60_000 })
  const holder = new pg.Client({ connectionString: database })
  await holder.connect()
  t.teardown(() => holder.end())
  await holder.query('begin; lock table fleet_reports')
  const answered = ask(`${url}/api/v1/environments`)
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await eventually('the query waits', { look: async () => (await query(database, waiting)).length > 0 })
  const closed = app.close()
  await eventually('no connection is accepted any more', { look: () => !app.server.listening })
  await holder.query('rollback')
  t.equal((await answered).status, 200)
  await closed
})
