import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { openGate, schemaHealth } from '../../src/index.js'
import { createLog } from '../../src/logging/log.js'
import { createDatabase } from '../support/database.js'
import { type Answer, ask, type Environment, eventually, fleetService, start } from '../support/process.js'
import { createProject, type Migrations, type Project } from '../support/project.js'
import { createProxy, type Proxy } from '../support/proxy.js'

t.jobs = 3

const songs = 'create table songs (id int primary key, title text not null)'
const token = 'open-sesame-unready'
const bearer = { authorization: `Bearer ${token}` }
const problemJson = 'application/problem+json; charset=utf-8'
const quick = { REFUSE_BY: 'unready', VERIFY_INTERVAL: '200ms', HEALTH_TOKEN: token, HEALTH_PORT: '0' }

interface World {
  readonly project: Project
  readonly proxy: Proxy
}

interface Case {
  readonly name: string
  readonly env?: Environment
  readonly migrations: Migrations
  /** What is wrong before the service starts. */
  readonly break: (world: World) => Promise<unknown>
  readonly code: string
  /** Of the whole reason: only for whoever has the token. */
  readonly secret: string
  /** What somebody else does meanwhile. */
  readonly mend: (world: World) => Promise<unknown>
  /** Warnings and errors of the log, by their first words. */
  readonly log: readonly (string | RegExp)[]
}

const cases: readonly Case[] = [
  {
    name: 'behind, until somebody migrates',
    env: { ON_BEHIND: 'refuse' },
    migrations: { '001_songs': songs, '002_plays': 'alter table songs add column plays int' },
    break: ({ project }) => project.migrate('001_songs'),
    code: 'SCHEMA_BEHIND',
    secret: '002_plays',
    mend: ({ project }) => project.migrate(),
    log: [
      'the database is 1 revision behind this build.',
      'SCHEMA_BEHIND: the database is 1 revision behind',
    ],
  },
  {
    name: 'drift, until it is undone',
    migrations: { '001_songs': songs },
    break: async ({ project }) => {
      await project.migrate()
      await project.query('alter table songs drop column title')
    },
    code: 'SCHEMA_DRIFT',
    secret: 'column public.songs.title',
    mend: ({ project }) => project.query('alter table songs add column title text not null'),
    log: [/: 1 difference$/, /^the catalog is not what/, 'SCHEMA_DRIFT: the catalog is not what'],
  },
  {
    name: 'a migration that fails, until somebody has mended the data and migrated',
    migrations: { '001_songs': songs, '002_unique': 'create unique index titles on songs (title)' },
    break: async ({ project }) => {
      await project.migrate('001_songs')
      await project.query(`insert into songs values (1, 'Ode'), (2, 'Ode')`)
    },
    code: 'SCHEMA_MIGRATION_FAILED',
    secret: '002_unique',
    mend: async ({ project }) => {
      t.strictSame(
        await project.query(`select event, count(*)::int from schemagate_ledger where revision = '002_unique'
          group by event order by event`),
        [
          { event: 'failed', count: 1 },
          { event: 'started', count: 1 },
        ],
        'it was not run again',
      )
      await project.query('delete from songs where id = 2')
      await project.migrate()
    },
    log: [
      '002_unique: reads all of public.songs under a SHARE lock',
      '002_unique: fails when rows are duplicates for titles',
      'SCHEMA_MIGRATION_FAILED: ',
    ],
  },
  {
    name: 'a database that nobody reaches, until it is there; then it migrates',
    env: { CONNECT_TIMEOUT: '100ms' },
    migrations: { '001_songs': songs },
    break: ({ proxy }) => proxy.cut(),
    code: 'SCHEMA_DATABASE_UNREACHABLE',
    secret: 'Nothing answers at 127.0.0.1',
    mend: ({ proxy }) => proxy.mend(),
    log: ['SCHEMA_DATABASE_UNREACHABLE: Nothing answers at 127.0.0.1'],
  },
]

for (const each of cases)
  t.test(`refused: ${each.name}`, async (t) => {
    const project = await createProject(t, each.migrations)
    const proxy = await createProxy(t, project.url)
    const world = { project, proxy }
    await proxy.mend()
    await each.break(world)
    const service = await project.serve({ ...quick, DATABASE_URL: proxy.url, ...each.env })
    const health = service.log().find(({ what }) => what === 'health routes only')?.['address']
    const onHealthPort = (path: string): Promise<Answer> => ask(`${String(health)}${path}`)
    await refusesEverything(t, service.ask, each)
    const tries = (): number => proxy.sent().split('schemagate replica-1').length
    const before = tries()
    await refusesEverything(t, onHealthPort, each)
    if (each.code !== 'SCHEMA_DATABASE_UNREACHABLE')
      await eventually('it looked again several times', { look: () => tries() >= before + 3 })

    await each.mend(world)
    await service.said(/open after /)
    for (const asks of [service.ask, onHealthPort]) {
      for (const probe of ['live', 'startup', 'ready', 'schema'])
        t.equal((await asks(`/health/${probe}`)).status, 200, probe)
      t.equal((await asks('/songs')).status, 404, 'its own routes answer')
    }
    t.match(JSON.parse((await service.ask('/health/schema', bearer)).text), {
      status: 'pass',
      phase: 'serving',
      refused: undefined,
      revision: { position: 'current' },
    })
    const worried = service.log().filter(({ level }) => Number(level) >= 40)
    t.match(
      worried.map(({ msg }) => msg),
      each.log,
    )
    t.equal(worried.length, each.log.length, 'said once')
    t.equal(worried.at(-1)?.['level'], 50)
    service.kill('SIGTERM')
    t.match(await service.ended(), { exit: 0, stderr: '' })
  })

async function refusesEverything(
  t: Test,
  asks: (path: string, headers?: Environment) => Promise<Answer>,
  { code, secret }: Case,
): Promise<void> {
  t.equal((await asks('/health/live')).status, 200)
  for (const path of ['/health/startup', '/health/ready', '/', '/songs?title=Ode', '/api/v1/environments']) {
    const { status, headers, text } = await asks(path)
    t.strictSame([status, headers.get('content-type'), headers.get('retry-after')], [503, problemJson, '10'])
    t.match(JSON.parse(text), { title: 'Service Unavailable', status: 503, code, detail: /^[A-Z].*\.$/ })
    t.notMatch(text, secret)
    t.notMatch(text, '127.0.0.1')
  }
  const document = await asks('/health/schema')
  t.equal(document.status, 503)
  t.match(JSON.parse(document.text), { status: 'fail', phase: 'refused', refused: { code } })
  t.strictSame(Object.keys(JSON.parse(document.text).refused), ['code', 'detail', 'since'])
  const { text: page } = await asks('/health/schema', { accept: 'text/html' })
  for (const kept of ['127.0.0.1', 'Do one of']) t.notMatch(page, kept)
}

t.test('with the token everybody is told the whole reason', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve({ ...quick, ON_BEHIND: 'refuse' })
  const problem = JSON.parse((await service.ask('/songs', bearer)).text)
  t.match(problem, {
    code: 'SCHEMA_BEHIND',
    detail:
      'the database is empty: 1 revision pending. Every request is answered with 503 until that is mended.',
    since: /^\d{4}-.*Z$/,
    facts: { current: 'none', head: '001_songs' },
    choices: [{ act: 'npx schemagate migrate', effect: 'apply them now' }, {}, {}],
  })
  const { refused } = JSON.parse((await service.ask('/health/schema', bearer)).text)
  t.strictSame(refused, {
    code: problem.code,
    detail: problem.detail,
    since: problem.since,
    facts: problem.facts,
    choices: problem.choices,
  })
  const { text } = await service.ask('/health/schema', { ...bearer, accept: 'text/html' })
  for (const said of [
    'until that is mended',
    '<dt>head</dt><dd>001_songs</dd>',
    'Do one of:',
    '<dt>ON_BEHIND=warn</dt><dd>start anyway; queries on what they add will fail</dd>',
  ])
    t.match(text, said)
})

t.test('the reason that changes is said again', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve({ ...quick, ON_BEHIND: 'refuse' })
  await project.query('create table others (id int)')
  await service.said('SCHEMA_UNMANAGED')
  await project.query('drop table others')
  await project.migrate()
  await service.said('open after')
  t.match(
    service
      .log()
      .filter(({ level }) => level === 50)
      .map(({ code }) => code),
    ['SCHEMA_BEHIND', 'SCHEMA_UNMANAGED'],
  )
})

t.test('the API of the fleet serves without a restart', async (t) => {
  const url = await createDatabase(t)
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const env = { NODE_ENV: 'production', DATABASE_URL: url, HOST: '127.0.0.1', PORT: '0', ...quick }
  const service = start(t, ['serve'], {
    cwd: root,
    env: { ...env, ON_BEHIND: 'refuse' },
    entry: fleetService,
  })
  await service.said('"what":"/health/schema"')
  const address = String(service.log().find(({ what }) => what === '/health/schema')?.['address'])
  t.equal((await ask(`${address}/api/v1/environments`)).status, 503)
  t.match(await start(t, ['migrate'], { cwd: root, env }).ended(), { exit: 0 })
  await service.said('open after')
  await eventually('it reports to itself', {
    look: async () => (await ask(`${address}/api/v1/environments`)).text.includes('"schemagate"'),
  })
})

t.test('SIGTERM ends it, whoever is connected', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve({ ...quick, ON_BEHIND: 'refuse', SHUTDOWN_DELAY: '1h' })
  const address = String(service.log().find(({ what }) => what === '/health/schema')?.['address'])
  const { hostname, port } = new URL(address)
  const silent = connect(Number(port), hostname).on('error', () => {})
  await once(silent, 'connect')
  t.equal((await service.ask('/health/ready')).status, 503)
  service.kill('SIGTERM')
  t.match(await service.ended(), { exit: 0, stderr: '' })
  t.match(service.log().at(-1), { event: 'draining', delay: 0 }, 'nobody was served who had to be waited for')
})

t.test('faults of the build itself end it', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const { exit } = await project.run('serve', { ...quick, MIGRATIONS_DIR: 'elsewhere' })
  t.equal(exit, 2)
})

t.test("a service of one's own answers 503 through the plugin, and knows when it is open", async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const env = { ...project.env, REFUSE_BY: 'unready', ON_BEHIND: 'refuse', VERIFY_INTERVAL: '100ms' }
  const log = createLog('silent', 'json', process.stdout)
  const open = () => openGate({ env, root: project.root, log })
  const gate = await open()
  t.equal(gate.decision.action, 'refuse')
  const app = Fastify({ exposeHeadRoutes: false })
  t.teardown(() => app.close())
  app.get('/before', async () => 'here')
  await app.register(schemaHealth, { gate })
  app.get('/after', async () => 'here')
  const statuses = async () =>
    Promise.all(
      ['/before', '/after', '/health/live'].map(async (url) => (await app.inject({ url })).statusCode),
    )
  t.strictSame(await statuses(), [503, 503, 200])
  t.equal((await app.inject({ url: '/health/live', method: 'HEAD' })).statusCode, 200)
  const outer = Fastify()
  t.teardown(() => outer.close())
  const { health } = gate
  await outer.register(async (inner) => inner.register(schemaHealth, { gate: { health } }), {
    prefix: '/inner',
  })
  t.equal((await outer.inject({ url: '/inner/health/live' })).statusCode, 200, 'wherever it is')
  await project.migrate()
  await gate.opened
  t.equal(gate.decision.action, 'serve')
  t.strictSame(await statuses(), [200, 200, 200])
  const early = await createProject(t, { '001_songs': songs })
  const other = await openGate({ env: { ...env, DATABASE_URL: early.url }, root: project.root, log })
  await other.close()
  await t.rejects(other.opened, { code: 'SCHEMA_INTERRUPTED' })
})
