import t from 'tap'
import { ask, eventually, freePort, logOf, takenPort } from '../support/process.js'
import { createProject, type Service } from '../support/project.js'

/** A document without the times of its checks, which go on meanwhile. */
const timeless = (text: string): unknown => JSON.parse(text.replaceAll(/"[0-9-]{10}T[0-9:.]+Z"/g, 'null'))

t.jobs = 3

const songs = 'create table songs (id int primary key, title text not null)'
const token = 'open-sesame-4711'
const bearer = { authorization: `Bearer ${token}` }

const probes = ['live', 'startup', 'ready', 'schema']
const open = { live: 200, startup: 200, ready: 200, schema: 200 }
const closed = { live: 200, startup: 503, ready: 503, schema: 503 }

/** The status of each health route; 0 where nobody listens. */
async function statuses(base: string) {
  const answers = await Promise.all(probes.map((probe) => ask(`${base}/health/${probe}`)))
  return Object.fromEntries(probes.map((probe, index) => [probe, answers[index]?.status]))
}

const schemaOf = async (service: Service, headers = {}) =>
  JSON.parse((await service.ask('/health/schema', headers)).text)

t.test('while it migrates only the health port is open, and says what runs', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_slow': ['select pg_advisory_xact_lock(1)', 'alter table songs add column plays int'],
  })
  const goOn = await project.block()
  const [port, healthPort] = [await freePort(), await freePort()]
  const [app, health] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${healthPort}`]
  const service = project.start('serve', { PORT: String(port), HEALTH_PORT: String(healthPort) })
  const answer = await eventually('the slow revision runs', {
    look: async () => {
      const answer = await ask(`${health}/health/schema`)
      return JSON.parse(answer.text || '{}').migrating?.revision === '002_slow' ? answer : null
    },
    otherwise: service.stdout,
  })
  t.match(JSON.parse(answer.text), {
    status: 'fail',
    phase: 'migrating',
    migrating: { revision: '002_slow', number: 2, total: 2, since: /^\d{4}-.*Z$/ },
  })
  t.equal(answer.headers.get('retry-after'), '10')
  t.strictSame(await statuses(health), closed)
  const ready = await ask(`${health}/health/ready`)
  t.strictSame(JSON.parse(ready.text), { status: 'fail', phase: 'migrating' })
  t.equal(ready.headers.get('retry-after'), '10')
  t.equal((await ask(app)).status, 0, 'the port of the application refuses connections')

  await goOn()
  await service.said('"what":"/health/schema"')
  t.strictSame(await statuses(health), open)
  t.strictSame(await statuses(app), open)
  t.equal((await ask(`${app}/health/ready`)).headers.get('retry-after'), null)
})

t.test('a column that is dropped while it serves shows in health, and is logged once', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  const env = { VERIFY_INTERVAL: '200ms', HEALTH_TOKEN: token }
  const [strict, lenient] = await Promise.all([
    project.serve({ ...env, ON_DRIFT_WHILE_SERVING: 'unready' }),
    project.serve(env),
  ])
  const turns = (service: Service, status: string, checks: number) => {
    const seen = new Set<string>()
    return eventually(`health says ${status} for ${checks} checks`, {
      look: async () => {
        const document = await schemaOf(service)
        if (document.status === status) seen.add(document.verification.checkedAt)
        return seen.size === checks
      },
      otherwise: service.stdout,
    })
  }

  await project.query('alter table songs drop column title')
  await Promise.all([turns(strict, 'fail', 3), turns(lenient, 'fail', 3)])
  for (const service of [strict, lenient]) {
    const anonymous = await service.ask('/health/schema')
    t.equal(anonymous.status, 503)
    t.notMatch(anonymous.text, 'title')
    t.match(JSON.parse(anonymous.text), {
      notes: ['the catalog is not what the migrations promise: 1 difference of consequence.'],
      verification: { status: 'differs', differenceCount: 1, differences: undefined },
      database: { environment: 'production', name: undefined, address: undefined },
    })
    t.match(await schemaOf(service, bearer), {
      verification: {
        differences: [
          {
            object: 'column:public.songs.title',
            change: 'missing',
            impact: 'breaks',
            expected: { type: 'text', nullable: false },
          },
        ],
      },
      database: { environment: 'production', name: new URL(project.url).pathname.slice(1) },
    })
    const guessed = JSON.stringify(await schemaOf(service, { authorization: 'Bearer guess' }))
    t.strictSame(timeless(guessed), timeless(anonymous.text), 'a wrong token shows no more than none')
  }
  t.equal((await strict.ask('/health/ready')).status, 503, 'ON_DRIFT_WHILE_SERVING=unready: not ready')
  t.equal((await lenient.ask('/health/ready')).status, 200, 'the default: ready')
  for (const service of [strict, lenient])
    t.match((await schemaOf(service)).checks, {
      'schema:revision': [{ status: 'pass', observedValue: 'current' }],
      'schema:verification': [{ status: 'fail', observedValue: 1 }],
    })

  await project.query(`alter table songs add column title text not null`)
  await Promise.all([turns(strict, 'pass', 3), turns(lenient, 'pass', 3)])
  t.equal((await strict.ask('/health/ready')).status, 200)
  for (const [service, label, more] of [
    [strict, 'refused', ''],
    [lenient, 'warning', ' A start would refuse; this process goes on serving.'],
  ] as const)
    t.strictSame(
      service
        .log()
        .filter(({ level }) => Number(level) >= 40)
        .map(({ label, msg }) => `${String(label)}: ${msg}`),
      [
        'verified: 1 table, 2 columns, 1 constraint: 1 difference',
        `${label}: the catalog is not what the migrations promise: 1 difference of consequence.${more}`,
      ],
    )
})

t.test('what is ignored is left out of the repeated check as well, and counted', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  const ignoring = { VERIFY_IGNORE: 'column:public.songs.title', VERIFY_INTERVAL: '100ms' }
  const service = await project.serve(ignoring)
  const counts = (ignoredCount: number, status: string) =>
    eventually(`health is ${status} with ${ignoredCount} ignored`, {
      look: async () => {
        const { verification, ...document } = await schemaOf(service)
        return document.status === status && verification.ignoredCount === ignoredCount
      },
    })
  await project.query('alter table songs drop column title')
  await counts(1, 'pass')
  await project.query('alter table songs drop constraint songs_pkey')
  await counts(1, 'fail')
  t.equal((await service.ask('/health/ready')).status, 200)
  await project.query('alter table songs add primary key (id)')
  await counts(1, 'pass')
  const verified = () => service.log().filter(({ label }) => label === 'verified')
  await eventually('the log has said so', { look: async () => verified().length >= 3 })
  t.strictSame(
    verified().map(({ msg }) => msg),
    [
      '1 table, 2 columns, 1 constraint: as promised',
      '1 table, 2 columns, 1 constraint: 1 difference, 1 difference ignored',
      '1 table, 2 columns, 1 constraint: as promised, 1 difference ignored',
    ],
    'one more that is ignored is no news',
  )
})

t.test('SIGTERM makes it unready, and it goes on answering until SHUTDOWN_DELAY is over', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  // Longer than any machine needs for the questions.
  const service = await project.serve({ SHUTDOWN_DELAY: '1h', VERIFY_INTERVAL: '50ms' })
  service.kill('SIGTERM')
  await eventually('it is not ready', {
    look: async () => (await service.ask('/health/ready')).status === 503,
  })
  t.match(await schemaOf(service), { status: 'pass', phase: 'draining' })
  t.equal((await service.ask('/health/live')).status, 200)
  t.equal((await service.ask('/health/startup')).status, 200)
  service.kill('SIGKILL')
  await service.ended()
})

t.test('SIGTERM ends it once SHUTDOWN_DELAY is over, with nothing left open', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve({ SHUTDOWN_DELAY: '1s', VERIFY_INTERVAL: '50ms', HEALTH_PORT: '0' })
  const connected = `select count(*)::int as sessions from pg_stat_activity
    where datname = current_database() and application_name = 'schemagate replica-1'`
  const sessions = (number: number) =>
    eventually(`PostgreSQL has ${number} sessions of it`, {
      look: async () => (await project.query(connected))[0]?.['sessions'] === number,
    })
  await sessions(1)
  service.kill('SIGTERM')
  t.match(await service.ended(), { exit: 0, stderr: '' })
  t.strictSame(
    service.log().filter(({ level }) => Number(level) >= 40),
    [],
    'nothing to worry about',
  )
  t.match(service.log().at(-1), { msg: 'SIGTERM: no longer ready, still serving for 1.0 s' })
  await sessions(0)
})

t.test('a service that nobody can hear any more ends', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  const [talking, asked, faulty] = await Promise.all([
    project.serve({ VERIFY_INTERVAL: '100ms' }),
    project.serve(),
    project.serve(),
  ])
  talking.deafen()
  await project.query('alter table songs drop column title')
  t.equal((await talking.ended()).exit, 1, 'when it has something to say')
  asked.deafen()
  asked.kill('SIGTERM')
  t.equal((await asked.ended()).exit, 1, 'when it is asked to')
  // Node aborts where it cannot reset a terminal that is gone; handling that as a request to stop repeats it for ever.
  faulty.kill('SIGSEGV')
  t.equal((await faulty.ended()).exit, 'SIGSEGV')
})

t.test('a port that is taken is a fault of the configuration', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const port = await takenPort()
  for (const key of ['PORT', 'HEALTH_PORT']) {
    const ended = await project.run('serve', { [key]: port })
    t.equal(ended.exit, 2)
    t.equal(
      logOf(ended).at(-1)?.msg.replaceAll(port, '8000'),
      `SCHEMA_CONFIG_INVALID: Port 8000 cannot be bound: EADDRINUSE. The service did not start.

  address   127.0.0.1 port 8000

Do one of:
  PORT, HEALTH_PORT, HOST   set a different address`,
    )
  }
})
