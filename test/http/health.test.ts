import Fastify, { type LightMyRequestResponse } from 'fastify'
import pino from 'pino'
import t, { type Test } from 'tap'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { loadConfig } from '../../src/config/load.js'
import { assess, decide } from '../../src/core/history/decision.js'
import { compareHistory } from '../../src/core/history/history.js'
import { type Policy } from '../../src/core/history/policy.js'
import { type Catalog, keysOf } from '../../src/core/model/catalog.js'
import { parsePattern } from '../../src/core/model/pattern.js'
import type { Progress } from '../../src/core/progress/events.js'
import type { Activity } from '../../src/core/progress/session-activity.js'
import { SchemaError } from '../../src/errors/schema-error.js'
import { type CheckedDatabase, withoutCatalog } from '../../src/gate/assess.js'
import { createHealthTracker, type HealthTracker } from '../../src/gate/health-state.js'
import { schemaHealth, type SchemaHealthOptions } from '../../src/http/plugin.js'
import { buildApp } from '../../src/service/app.js'

const token = 'open-sesame-4711'
const paths = ['/health/live', '/health/startup', '/health/ready', '/health/schema'] as const
const promised: Catalog = {
  'table:public.songs': { rowSecurity: false, forceRowSecurity: false },
  'column:public.songs.title': { type: 'text', nullable: false, default: `'<b>'` },
}
const withoutTitle: Catalog = { 'table:public.songs': { rowSecurity: false, forceRowSecurity: false } }
const owner = { service: 'songs <api>', environment: 'demo' }
const ownership = { identity: { ...owner, id: '0d0e', since: '2026-11-21T08:00:00.000Z' }, expected: owner }
const policy: Policy = {
  onBehind: 'migrate',
  onDrift: 'refuse',
  onAhead: 'judge',
  onUnverified: 'warn',
  onOutOfOrder: 'refuse',
  onDriftWhileServing: 'warn',
  onHazard: 'allow',
  refuseBy: 'exit',
}

const newHealth = (onDriftWhileServing: Policy['onDriftWhileServing'] = 'warn') =>
  createHealthTracker({
    service: { name: 'songs <api>', version: '1.2.3', release: 'abc123', instance: 'replica-1' },
    target: 'demo',
    policy: { onDriftWhileServing },
  })

/** What the gate read: this catalog at revision 001, with a build that has 001 and maybe more. */
function passed(
  live: Catalog,
  { build = ['001'], onDrift = policy.onDrift, ignore = '' } = {},
): CheckedDatabase {
  const recorded = { revisions: ['001'], hasTables: true }
  const snapshot = {
    postgres: 18,
    base: {},
    revisions: [{ revision: '001', file: null, checksum: null, changes: promised }],
  }
  const parsed = parsePattern(ignore, ['column'])
  const rules = parsed.status === 'sound' ? [{ pattern: parsed.pattern, reason: 'who <cares>' }] : []
  const scope = { comments: false, grants: false, ignore: rules }
  const assessment = assess({ build, recorded, ownership, live, snapshot, scope })
  return withoutCatalog({
    promise: { digest: null, load: async () => snapshot },
    snapshot,
    live,
    unchangedSince: null,
    hasTables: keysOf(live).some((key) => key.startsWith('table:')),
    assessment,
    decision: decide(assessment, { ...policy, onDrift }),
    transient: [],
    inspection: {
      database: { user: 'app', host: 'db.internal', port: 5432, name: 'shop' },
      major: 18,
      serverVersion: '18.4',
      readOnly: false,
      locked: false,
      schema: 'public',
      ledger: null,
      identity: ownership.identity,
      recorded,
      otherLedgers: [],
      mayWriteLedger: true,
      mayWriteOwnLedger: true,
      fingerprint: { ledgerQueries: [], results: '' },
    },
  })
}

interface Served {
  readonly health: HealthTracker
  /** Requests a path, and checks the headers of the answer, and a JSON body against the schema of the route. */
  readonly ask: (path: string, headers?: Record<string, string>) => Promise<LightMyRequestResponse>
}

async function serve(
  t: Test,
  options: Omit<SchemaHealthOptions, 'gate'> = { token },
  health = newHealth(),
): Promise<Served> {
  const app = Fastify()
  t.teardown(() => app.close())
  const schemas = new Map<string, Record<string, TSchema>>()
  app.addHook('onRoute', ({ url, schema }) => {
    const response: unknown = schema?.response
    if (isSchemas(response)) schemas.set(url, response)
  })
  await app.register(schemaHealth, { gate: { health }, ...options })
  const ask: Served['ask'] = async (path, headers = {}) => {
    const answer = await app.inject({ url: path, headers })
    const { 'cache-control': cache, 'retry-after': retry, 'content-type': type } = answer.headers
    t.equal(cache, 'no-store')
    t.equal(retry, answer.statusCode === 503 ? '10' : undefined)
    if (type === 'application/health+json; charset=utf-8') {
      const schema = schemas.get(path)?.[answer.statusCode]
      t.strictSame(schema === undefined ? ['no schema'] : [...Value.Errors(schema, answer.json())], [])
    } else t.equal(type, 'text/html; charset=utf-8')
    return answer
  }
  return { health, ask }
}

function isSchemas(value: unknown): value is Record<string, TSchema> {
  return typeof value === 'object' && value !== null && '200' in value && '503' in value
}

const statuses = async ({ ask }: Served) =>
  Promise.all(paths.map(async (path) => `${path.slice(8)} ${(await ask(path)).statusCode}`))
const closed = ['live 200', 'startup 503', 'ready 503', 'schema 503']
const open = ['live 200', 'startup 200', 'ready 200', 'schema 200']
const bearer = { authorization: `Bearer ${token}` }

t.test('before the gate opens only liveness passes, and the phase shows the progress', async (t) => {
  const served = await serve(t)
  const { health, ask } = served
  t.strictSame(await statuses(served), closed)
  t.strictSame((await ask('/health/live')).json(), { status: 'pass', phase: 'starting' })
  t.strictSame((await ask('/health/schema', bearer)).json(), {
    status: 'fail',
    version: '1.2.3',
    releaseId: 'abc123',
    serviceId: 'songs <api>',
    notes: [],
    phase: 'starting',
    revision: { current: null, head: null, position: null, pending: [], unknown: [] },
    database: { environment: 'demo' },
    checks: {},
  })
  const events: readonly (readonly [Progress, string])[] = [
    [{ event: 'connecting', database: 'app@db.internal:5432/shop', environment: 'demo' }, 'connecting'],
    [{ event: 'waiting for lock', lock: 'migration', holder: null, waited: 0 }, 'waiting for the lock'],
    [{ event: 'revision started', revision: '001', number: 1, total: 2 }, 'migrating'],
    [{ event: 'migrated', revisions: 2, duration: 5 }, 'verifying'],
  ]
  for (const [progress, phase] of events) {
    health.report(progress)
    t.strictSame((await ask('/health/ready')).json(), { status: 'fail', phase })
    t.equal(
      (await ask('/health/schema')).json().migrating?.revision,
      phase === 'migrating' ? '001' : undefined,
    )
  }
  t.strictSame(await statuses(served), closed)
})

t.test('an open gate passes; only callers with the token see names and the address', async (t) => {
  const served = await serve(t)
  const { health, ask } = served
  health.recordResult(passed(promised))
  t.strictSame(await statuses(served), open)
  const anonymous = (await ask('/health/schema')).json()
  t.match(anonymous, {
    status: 'pass',
    phase: 'serving',
    revision: { current: '001', head: '001', position: 'current', pending: [], unknown: [] },
    verification: { status: 'as promised', objects: { tables: 1, columns: 1 }, differenceCount: 0 },
    checks: { 'postgres:connection': [{ status: 'pass' }], 'schema:verification': [{ observedValue: 0 }] },
  })
  t.strictSame(anonymous.database, { environment: 'demo' })
  t.notOk('differences' in anonymous.verification)
  const full = (await ask('/health/schema', bearer)).json()
  t.strictSame(full.database, {
    name: 'shop',
    id: '0d0e',
    environment: 'demo',
    server: 'PostgreSQL 18.4',
    address: 'app@db.internal:5432/shop',
  })
  t.strictSame(full.verification.differences, [])
  for (const authorization of [`bearer  ${token}`, `BEARER ${token}`])
    t.same((await ask('/health/schema', { authorization })).json(), full, authorization)
  for (const authorization of [
    'Bearer',
    'Bearer x',
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Basic ${token}`,
    token,
  ])
    t.same((await ask('/health/schema', { authorization })).json(), anonymous, authorization)
})

t.test(
  'HEALTH_DETAILS=always shows everything to everyone; without a token no caller sees more',
  async (t) => {
    const always = await serve(t, { details: 'always' })
    always.health.recordResult(passed(promised))
    t.equal((await always.ask('/health/schema')).json().database.name, 'shop')
    const never = await serve(t, {})
    never.health.recordResult(passed(promised))
    for (const authorization of ['Bearer null', 'Bearer undefined', `Bearer ${token}`])
      t.strictSame((await never.ask('/health/schema', { authorization })).json().database, {
        environment: 'demo',
      })
  },
)

t.test('a change while it serves is shown at once, and reported to subscribers', async (t) => {
  const served = await serve(t)
  const { health, ask } = served
  const reported: string[] = []
  health.subscribe(({ status, ready }) => reported.push(`${status} ${ready ? 'ready' : 'not ready'}`))
  health.recordResult(passed(promised))
  health.recordResult(passed(withoutTitle))
  t.strictSame(await statuses(served), ['live 200', 'startup 200', 'ready 200', 'schema 503'])
  const drifted = await ask('/health/schema', bearer)
  t.match(drifted.json().checks, {
    'postgres:connection': [{ status: 'pass' }],
    'schema:revision': [{ status: 'pass', observedValue: 'current' }],
    'schema:verification': [{ status: 'fail', observedValue: 1 }],
  })
  t.match(drifted.json().verification, {
    status: 'differs',
    differenceCount: 1,
    differences: [
      {
        object: 'column:public.songs.title',
        kind: 'column',
        change: 'missing',
        impact: 'breaks',
        reason: 'queries that name it fail',
        expected: { type: 'text', nullable: false },
      },
    ],
  })
  t.notMatch((await ask('/health/schema')).body, 'title')
  health.recordResult(passed(promised))
  health.recordOutage({ kind: 'database', reason: 'Connection terminated unexpectedly' })
  const lost = (await ask('/health/schema')).json()
  t.match(lost, {
    status: 'fail',
    notes: [/^the database is lost since /],
    checks: {
      'postgres:connection': [{ status: 'fail' }],
      'schema:revision': [{ status: 'warn', observedValue: 'current' }],
      'schema:verification': [{ status: 'warn' }],
    },
  })
  t.strictSame(await statuses(served), ['live 200', 'startup 200', 'ready 503', 'schema 503'])
  health.recordRecovery()
  health.report({ event: 'draining', signal: 'SIGTERM', delay: 0 })
  t.strictSame(await statuses(served), ['live 200', 'startup 200', 'ready 503', 'schema 200'])
  health.recordResult(passed(promised))
  t.equal((await ask('/health/ready')).json().phase, 'draining', 'a later check does not end draining')
  t.strictSame(reported, [
    'pass ready',
    'fail ready',
    'pass ready',
    'fail not ready',
    'pass ready',
    'pass not ready',
    'pass not ready',
  ])
})

t.test('only what makes requests fail turns an open gate unready', async (t) => {
  const behind = passed(promised, { build: ['001', '002'] })
  const { assessment, inspection } = passed(promised)
  const others = {
    ...passed(promised),
    assessment: {
      ...assessment,
      ownership: { ...ownership, identity: { ...ownership.identity, environment: 'staging' } },
    },
  }
  const empty = {
    ...passed({}),
    assessment: { ...assessment, history: compareHistory(['001'], { revisions: [], hasTables: false }) },
    inspection: { ...inspection, live: {} },
  }
  const readings = [
    ['as promised', passed(promised), 200, 200],
    ['drift', passed(withoutTitle), 200, 503],
    ['drift that a start would accept', passed(withoutTitle, { onDrift: 'warn' }), 200, 503],
    ['behind, after a down or a restore', behind, 200, 503],
    ["another's database", others, 503, 503],
    ['an empty database', empty, 503, 503],
  ] as const
  const [warn, unready] = [await serve(t), await serve(t, {}, newHealth('unready'))]
  for (const [name, reading, ...expected] of readings) {
    for (const { health } of [warn, unready]) {
      health.recordResult(passed(promised))
      health.recordResult(reading)
    }
    const ready = [warn, unready].map(async ({ ask }) => (await ask('/health/ready')).statusCode)
    t.strictSame(await Promise.all(ready), expected, name)
  }
  warn.health.recordResult(passed(promised))
  warn.health.recordOutage({ kind: 'check', reason: 'permission denied' })
  t.strictSame(await statuses(warn), ['live 200', 'startup 200', 'ready 200', 'schema 503'])
  t.match((await warn.ask('/health/schema')).json().checks, {
    'schema:revision': [{ status: 'warn' }],
    'schema:verification': [{ status: 'fail' }],
  })
})

t.test('drift that was accepted when the gate opened warns, later drift fails', async (t) => {
  const served = await serve(t)
  const { health, ask } = served
  health.recordResult(passed(withoutTitle, { onDrift: 'warn' }))
  t.strictSame(await statuses(served), open)
  t.match((await ask('/health/schema')).json(), {
    status: 'warn',
    notes: ['the catalog is not what the migrations promise: 1 difference of consequence.'],
  })
  health.recordResult(passed({}, { onDrift: 'warn' }))
  t.strictSame(await statuses(served), ['live 200', 'startup 200', 'ready 200', 'schema 503'])
  health.recordResult(passed(promised, { build: ['001', '002'] }))
  t.match((await ask('/health/schema')).json().revision, { position: 'behind', pending: ['002'] })
})

t.test('ignored differences are counted for everyone, and named for callers with the token', async (t) => {
  const served = await serve(t)
  const { health, ask } = served
  health.recordResult(passed(withoutTitle, { ignore: 'column:*.*.title' }))
  t.strictSame(await statuses(served), open)
  const anonymous = (await ask('/health/schema')).json()
  t.match(anonymous, {
    status: 'pass',
    verification: { status: 'as promised', differenceCount: 0, ignoredCount: 1, ignored: undefined },
  })
  t.match((await ask('/health/schema', bearer)).json().verification, {
    differences: [],
    ignoredCount: 1,
    ignored: [{ pattern: 'column:*.*.title', reason: 'who <cares>', differenceCount: 1 }],
  })
  const accept = 'text/html'
  const [page, full] = [
    await ask('/health/schema', { accept }),
    await ask('/health/schema', { accept, ...bearer }),
  ]
  t.match(page.body, '<dt>ignored</dt><dd>1</dd>')
  t.notMatch(page.body, 'column:')
  t.match(full.body, '<td><code>column:*.*.title</code></td><td>1</td><td>who &lt;cares&gt;</td>')
  health.recordResult(passed({}, { ignore: 'column:*.*.title' }))
  t.match((await ask('/health/schema')).json(), {
    status: 'fail',
    verification: { differenceCount: 1, ignoredCount: 1 },
  })
  health.recordResult(passed(promised))
  t.notMatch((await ask('/health/schema', { accept, ...bearer })).body, 'ignored')
})

t.test('a refusal shows its reason, and the address only with the token', async (t) => {
  const { health, ask } = await serve(t)
  health.recordRefusal(
    new SchemaError('SCHEMA_DATABASE_UNREACHABLE', { what: 'Nothing answers at db.internal:5432.' }),
  )
  const [anonymous, full] = [await ask('/health/schema'), await ask('/health/schema', bearer)]
  t.match(anonymous.json(), { status: 'fail', phase: 'refused', notes: ['SCHEMA_DATABASE_UNREACHABLE'] })
  t.match(full.json().notes, ['Nothing answers at db.internal:5432.'])
})

t.test('the inspected revisions are shown before the gate opens', async (t) => {
  const { health, ask } = await serve(t)
  const revision = async () => (await ask('/health/schema')).json().revision
  t.match(await revision(), { current: null, head: null, position: null })
  const history = compareHistory(['001', '002'], { revisions: ['001'], hasTables: true })
  const inspected = { event: 'inspected', database: 'app@db:5432/songs', server: '18.1', history } as const
  let changes = 0
  health.subscribe(() => void changes++)
  health.report(inspected)
  health.report({ event: 'revision started', revision: '002', number: 1, total: 1 })
  const { applied: _, ...shown } = history
  t.strictSame(await revision(), shown)
  t.equal(shown.current, '001')
  t.equal(changes, 2)
  health.report({ event: 'migrated', revisions: 1, duration: 1 })
  health.report({
    ...inspected,
    history: compareHistory(['001', '002'], { revisions: ['001', '002'], hasTables: true }),
  })
  t.match(await revision(), { current: '002', position: 'current' })
})

t.test(
  'the activity of a migration is shown as it changes, the queries of others only with the token',
  async (t) => {
    const { health, ask } = await serve(t)
    let changes = 0
    health.subscribe(() => void changes++)
    const activity: Activity = {
      known: true,
      statement: 'create index on songs (title)',
      work: { command: 'CREATE INDEX', relation: 'songs', phase: 'building index', percent: 43 },
      waits: 'ShareLock on songs',
      blockers: [
        {
          pid: 7,
          user: 'app',
          application: '<b>shop</b>',
          address: null,
          state: 'active',
          since: '2026-11-21T09:14:02.000Z',
          query: 'select title from secrets',
          holds: null,
        },
      ],
    }
    const running = (now: Activity) =>
      health.report({
        event: 'revision running',
        revision: '001',
        elapsed: 5_000,
        doing: '',
        activity: now,
        repeated: false,
      })
    running(activity)
    t.equal(changes, 0, 'no migration runs yet')
    health.report({ event: 'revision started', revision: '001', number: 1, total: 2 })
    running(activity)
    running({ ...activity })
    t.equal(changes, 2, 'the same activity again is no change')
    const shown = {
      known: true,
      command: 'CREATE INDEX',
      phase: 'building index',
      percent: 43,
      blocked: true,
    }
    t.strictSame((await ask('/health/schema')).json().migrating.activity, shown)
    const doing =
      'CREATE INDEX on songs: building index, 43 %; waits for ShareLock on songs, held by pid 7 (user app, <b>shop</b>, active since 2026-11-21T09:14:02.000Z): select title from secrets'
    t.strictSame((await ask('/health/schema', bearer)).json().migrating.activity, {
      ...shown,
      doing,
      relation: 'songs',
      statement: 'create index on songs (title)',
      waits: 'ShareLock on songs',
      blockers: activity.blockers,
    })
    const page = await ask('/health/schema', { accept: 'text/html' })
    t.match(page.body, '<dt>migrating</dt><dd>001 (1 of 2), since 20')
    t.match(page.body, '<dt>doing</dt><dd>CREATE INDEX, building index, 43 %, blocked</dd>')
    t.match((await ask('/health/schema', { accept: 'text/html', ...bearer })).body, '&lt;b&gt;shop&lt;/b&gt;')

    running({ known: false, reason: 'the connection was lost' })
    const unknown = { known: false, command: null, phase: null, percent: null, blocked: false }
    t.strictSame((await ask('/health/schema')).json().migrating.activity, unknown)
    t.notMatch((await ask('/health/schema', { accept: 'text/html' })).body, '<dt>doing')
    t.strictSame((await ask('/health/schema', bearer)).json().migrating.activity, {
      ...unknown,
      doing: 'its activity is unknown: the connection was lost',
    })

    health.report({
      event: 'revision blocked',
      revision: '001',
      reason: 'canceling statement due to lock timeout',
      blockers: [],
      along: [],
      delay: 500,
    })
    t.match((await ask('/health/schema', bearer)).json().migrating.activity, { known: true, waits: 'a lock' })
  },
)

t.test('a browser gets a page with escaped texts', async (t) => {
  const { health, ask } = await serve(t)
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  health.recordResult(passed(promised))
  health.recordResult(
    passed({
      ...withoutTitle,
      'column:public.songs.title': { type: 'text', nullable: false, default: `'<i>'` },
    }),
  )
  const page = await ask('/health/schema', { accept })
  t.equal(page.statusCode, 503)
  t.equal(page.headers.vary, 'accept, authorization')
  t.match(page.body, '<h1 class="fail">songs &lt;api&gt; <b>fail</b></h1>')
  t.match(page.body, '<dt>position</dt><dd>current</dd>')
  t.notMatch(page.body, 'title</code>')
  t.notMatch(page.body, 'db.internal')
  const { body } = await ask('/health/schema', { accept, ...bearer })
  t.match(body, 'changed <code>column:public.songs.title</code>')
  t.match(body, 'default: &#39;&lt;b&gt;&#39;')
  t.match(body, 'default: &#39;&lt;i&gt;&#39;')
  t.match(body, '<dd>app@db.internal:5432/shop</dd>')
  t.notMatch(body, /<[bi]>'/)
  t.equal((await ask('/health/schema', { accept: 'application/json' })).headers.vary, 'accept, authorization')
  t.equal(
    (await ask('/health/ready', { accept })).headers['content-type'],
    'application/health+json; charset=utf-8',
  )
})

t.test('HEAD answers as GET does, without a body; there are no other routes', async (t) => {
  const health = newHealth()
  const config = loadConfig({
    root: t.testdir(),
    env: { HEALTH_TOKEN: token, HEALTH_DETAILS: 'token' },
  })
  const app = await buildApp(config, health, pino({ level: 'silent' }))
  t.teardown(() => app.close())
  health.recordResult(passed(promised))
  for (const url of paths) {
    const [head, get] = [await app.inject({ method: 'HEAD', url }), await app.inject({ url })]
    t.equal(head.body, '')
    t.equal(head.statusCode, get.statusCode)
    const { date: _, ...headers } = head.headers
    t.match(get.headers, headers)
  }
  for (const [method, url] of [
    ['POST', '/health/live'],
    ['GET', '/health'],
    ['GET', '/'],
  ] as const) {
    const { statusCode, headers, body } = await app.inject({ method, url })
    t.equal(statusCode, 404)
    t.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
    t.match(JSON.parse(body), { title: 'Not Found', detail: `There is no ${method} ${url}.` })
  }
})

t.test('closing the application closes the gate', async (t) => {
  let gates = 0
  const app = Fastify()
  await app.register(schemaHealth, { gate: { health: newHealth(), close: async () => void gates++ } })
  await app.close()
  t.equal(gates, 1)
})
