import { STATUS_CODES } from 'node:http'
import Fastify from 'fastify'
import knexFrom, { type Knex } from 'knex'
import t, { type Test } from 'tap'
import * as create from '../../migrations/20261121090000_create_fleet_reports.js'
import * as index from '../../migrations/20261121090500_index_fleet_reports.js'
import { seed } from '../../seeds/demo_fleet.js'
import { handleError, handleNotFound } from '../../src/http/problem.js'
import { createFleetRepository } from '../../src/service/fleet-repository.js'
import { fleetMaxParamLength, fleetRoutes } from '../../src/service/fleet-routes.js'
import { createDatabase } from '../support/database.js'

const token = 'correct-horse'
const bearer = { authorization: `Bearer ${token}` }
const migrations = new Map([
  ['20261121090000_create_fleet_reports', create],
  ['20261121090500_index_fleet_reports', index],
])
const migrationSource = {
  getMigrations: async () => [...migrations.keys()],
  getMigrationName: (name: string) => name,
  getMigration: async (name: string) => migrations.get(name) ?? create,
}
const revision = { current: '1_a', head: '1_a', position: 'current', pending: [], unknown: [] } as const
const health = { status: 'pass', phase: 'serving', revision } as const
const report = { service: 'songs', environment: 'production', instance: 'pod-1', health } as const
const reports = '/api/v1/reports'
const environments = '/api/v1/environments'
const history = '/api/v1/environments/songs/production/reports'

async function migrated(test: Test): Promise<Knex> {
  const connection = { connectionString: await createDatabase(test) }
  const knex = knexFrom({ client: 'pg', connection, pool: { min: 0, max: 2 } })
  test.teardown(() => knex.destroy())
  await knex.migrate.latest({ migrationSource })
  return knex
}

function serve(test: Test, knex: Knex, given: string | null = token) {
  const logged: unknown[] = []
  const stream = { write: (line: string) => logged.push(JSON.parse(line)) }
  const app = Fastify({
    logger: { level: 'error', stream },
    routerOptions: { maxParamLength: fleetMaxParamLength },
    frameworkErrors: handleError,
  })
  app.setNotFoundHandler(handleNotFound)
  app.register(fleetRoutes, { repository: createFleetRepository(knex), token: given })
  test.teardown(() => app.close())
  return { app, logged }
}

t.test('the migrations can be reverted and applied again', async (test) => {
  const knex = await migrated(test)
  const tables = () => knex('pg_tables').where('schemaname', 'public').orderBy('tablename').pluck('tablename')
  await knex.migrate.rollback({ migrationSource })
  test.strictSame(await tables(), ['knex_migrations', 'knex_migrations_lock'])
  await knex.migrate.latest({ migrationSource })
  test.strictSame(await tables(), ['fleet_reports', 'knex_migrations', 'knex_migrations_lock'])
})

t.test('a report is stored; its details are shown only with the token', async (test) => {
  const { app } = serve(test, await migrated(test))
  const details = { releaseId: 'd0beb8f', version: '1.4.0', notes: ['fine'], database: { name: 'songs' } }
  const payload = { ...report, health: { ...health, ...details, description: 'not kept' } }
  const posted = await app.inject({ method: 'POST', url: reports, headers: bearer, payload })
  test.equal(posted.statusCode, 201)
  const { id, reportedAt } = posted.json()
  const shown = {
    id,
    instance: 'pod-1',
    status: 'pass',
    phase: 'serving',
    ...revision,
    reportedAt,
    releaseId: 'd0beb8f',
  }
  const seen = async (headers: Record<string, string>) => (await app.inject({ url: history, headers })).json()
  test.strictSame(await seen({}), { reports: [shown], next: null })
  test.strictSame(await seen({ authorization: 'Bearer wrong' }), { reports: [shown], next: null })
  test.strictSame(await seen(bearer), { reports: [{ ...shown, document: details }], next: null })
})

const post = (payload: unknown, headers: Record<string, string> = bearer) => ({
  method: 'POST' as const,
  url: reports,
  headers: { 'content-type': 'application/json', ...headers },
  payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
})
/** The report with a piece of JSON in its health document. */
const postWith = (piece: string) => post(JSON.stringify(report).replace('"phase"', `${piece},"phase"`))
const deep = (depth: number) => postWith(`"checks":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)
const get = (path: string) => ({ url: `/api/v1/environments/${path}/x/reports` })
const faulty = { ...report, instance: 7, service: 'a\nb', health: { ...health, status: 'up' } }
const faults = [
  { in: 'body', pointer: '/service', detail: String.raw`must match pattern "^[^\p{Cc}\p{Cs}]+$"` },
  { in: 'body', pointer: '/instance', detail: 'must be string' },
  { in: 'body', pointer: '/health/status', detail: 'must be equal to one of the allowed values' },
]
const limitFaults = [{ in: 'querystring', pointer: '/limit', detail: 'must be >= 1' }]
const problemTexts = {
  unauthorized: 'Reporting needs the FLEET_TOKEN of this service as a bearer token.',
  notJson: "Body is not valid JSON but content-type is set to 'application/json'",
  unstorable: 'The health document has a character that cannot be stored, or is nested too deeply.',
  invalid: 'The request does not match its schema: `errors` lists the faulty fields.',
  unknown: 'This service has never reported from this environment.',
  badCursor: 'The cursor `after` is not one that this service issued.',
  badPath: "'/api/v1/environments/%ff/x/reports' is not a valid url component",
} as const

const refusals = [
  ['no token', post(report, {}), 401, problemTexts.unauthorized],
  ['a wrong token', post(report, { authorization: 'Bearer x' }), 401, problemTexts.unauthorized],
  ['a different scheme', post(report, { authorization: `Basic ${token}` }), 401, problemTexts.unauthorized],
  ['broken JSON', post('{'), 400, problemTexts.notJson],
  ['a poisoned prototype', postWith('"__proto__":{"x":1}'), 400, problemTexts.notJson],
  ['a zero byte', postWith(String.raw`"notes":["\u0000"]`), 400, problemTexts.unstorable],
  ['half a character', postWith(String.raw`"notes":["\ud800"]`), 400, problemTexts.unstorable],
  ['too deep for PostgreSQL', deep(6_000), 400, problemTexts.unstorable],
  ['too deep for JSON', deep(100_000), 400, problemTexts.unstorable],
  ['faulty fields', post(faulty), 400, problemTexts.invalid, faults],
  ['more than 256 KiB', post(' '.repeat(262_145)), 413, 'Request body is too large'],
  ['text', post('x', { ...bearer, 'content-type': 'text/plain' }), 415, 'Unsupported Media Type'],
  ['an unknown pair', get('y'), 404, problemTexts.unknown],
  ['an unknown pair, after a cursor', { url: `${get('y').url}?after=MS4x` }, 404, problemTexts.unknown],
  ['an unknown pair of a long name', get(encodeURIComponent('😀'.repeat(200))), 404, problemTexts.unknown],
  ['an invalid cursor', { url: `${history}?after=x` }, 400, problemTexts.badCursor],
  ['an invalid limit', { url: `${history}?limit=0` }, 400, problemTexts.invalid, limitFaults],
  ['an invalid path', get('%ff'), 400, problemTexts.badPath],
  ['an unknown path', { url: '/api/v2?token=secret' }, 404, 'There is no GET /api/v2.'],
] as const

const problem = (status: number, detail: string, errors?: unknown) => {
  const title = STATUS_CODES[status]
  return { type: 'about:blank', title, status, detail, ...(errors === undefined ? {} : { errors }) }
}

t.test('every refusal is a problem', async (test) => {
  const { app, logged } = serve(test, await migrated(test))
  for (const [name, request, status, detail, errors] of refusals) {
    const answer = await app.inject(request)
    test.strictSame([answer.statusCode, answer.json()], [status, problem(status, detail, errors)], name)
    test.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8', name)
    const challenge =
      'Bearer realm="schemagate fleet"' + (name === 'no token' ? '' : ', error="invalid_token"')
    test.equal(answer.headers['www-authenticate'], status === 401 ? challenge : undefined, name)
  }
  test.strictSame(logged, [])
})

t.test('without a configured token no report is accepted; a failure is logged, not shown', async (test) => {
  const knex = await migrated(test)
  const closed = await serve(test, knex, null).app.inject(post(report))
  test.strictSame(closed.json(), problem(503, 'FLEET_TOKEN is not set, so this service accepts no reports.'))
  await knex.migrate.rollback({ migrationSource })
  const { app, logged } = serve(test, knex)
  const failed = await app.inject({ url: environments })
  const hidden = 'The request failed. The service logs the reason under request req-1.'
  test.strictSame(failed.json(), problem(500, hidden))
  test.match(logged, [{ reqId: 'req-1', msg: 'The request failed.', err: { code: '42P01' } }])
})

t.test(
  'environments are listed by their latest report, the worst first; the demo seed runs once',
  async (test) => {
    const knex = await migrated(test)
    const rows = () => knex('fleet_reports').orderBy('id')
    await seed(knex)
    const once = await rows()
    await seed(knex)
    test.strictSame(await rows(), once)
    const [a, b, c] = ['20260901090000_create_songs', '20261020090000_add_tags', '20261104090000_add_ratings']
    const at = (row: number) => once[row]?.reported_at.toISOString()
    const keys = [
      'service',
      'environment',
      'status',
      'position',
      'current',
      'head',
      'behind',
      'ahead',
      'instances',
      'gone',
      'reportedAt',
      'releaseId',
    ]
    const listed = [
      ['billing', 'staging', 'fail', 'behind', a, c, 2, 0, 1, false, at(4), 'd0beb8f'],
      ['songs', 'preview', 'warn', 'behind', b, c, 1, 0, 1, false, at(5), 'd0beb8f'],
      ['billing', 'production', 'warn', 'current', b, b, 0, 0, 0, true, at(0), '9d0be41'],
      ['songs', 'staging', 'warn', 'ahead', c, b, 0, 1, 1, false, at(3), '9d0be41'],
      ['songs', 'production', 'pass', 'current', c, c, 0, 0, 2, false, at(7), 'd0beb8f'],
    ].map((values) => Object.fromEntries(keys.map((key, index) => [key, values[index]])))
    const answer = await serve(test, knex).app.inject({ url: environments })
    test.strictSame(answer.json(), { environments: listed })
  },
)

t.test('an instance that ended is not shown for ever as passing', async (test) => {
  const knex = await migrated(test)
  const { app } = serve(test, knex)
  const shown = async () => {
    const [row] = (await app.inject({ url: environments })).json().environments
    const { status, instances, gone, releaseId } = row
    return [status, instances, gone, releaseId]
  }
  const reports = (instance: string, phase: string, releaseId: string) =>
    app.inject(post({ ...report, instance, health: { ...health, phase, releaseId } }))
  const later = (span: string) =>
    knex.raw(`update fleet_reports set reported_at = reported_at - interval '${span}'`)
  await reports('old', 'serving', 'r1')
  await reports('new', 'serving', 'r2')
  await reports('old', 'draining', 'r1')
  test.strictSame(
    await shown(),
    ['pass', 2, false, 'r2'],
    'the one that serves counts, not the last word of the other',
  )
  await later('6 minutes')
  test.strictSame(await shown(), ['pass', 1, false, 'r2'])
  await reports('new', 'draining', 'r2')
  test.strictSame(await shown(), ['pass', 1, false, 'r2'], 'it may be restarting')
  await later('6 minutes')
  test.strictSame(await shown(), ['warn', 0, true, 'r2'], 'it did not come back')
  await reports('new', 'serving', 'r3')
  test.strictSame(await shown(), ['pass', 1, false, 'r3'])
  await later('25 hours')
  test.strictSame(await shown(), ['warn', 0, true, 'r3'], 'nothing was heard of it for a day')
})

t.test('a history is paged from the newest report to the oldest', async (test) => {
  const knex = await migrated(test)
  const { app } = serve(test, knex)
  for (const instance of ['1', '2', '3', '4', '5']) await app.inject(post({ ...report, instance }))
  const date = (instances: string[], reported_at: string) =>
    knex('fleet_reports').whereIn('instance', instances).update({ reported_at })
  // Equal times, so that the id has to decide.
  await date(['2', '3', '4'], '2026-01-02T03:04:05.678Z')
  await date(['1'], '2026-01-01T00:00:00Z')
  const pages: string[] = []
  for (let next = ''; next !== null;) {
    const page = (await app.inject({ url: `${history}?limit=2${next && `&after=${next}`}` })).json()
    pages.push(page.reports.map(({ instance }: { instance: string }) => instance).join())
    next = page.next
  }
  test.strictSame(pages, ['5,4', '3,2', '1'])
  const beyond = await app.inject({ url: `${history}?after=${Buffer.from('1.1').toString('base64url')}` })
  test.strictSame(beyond.json(), { reports: [], next: null })
})
