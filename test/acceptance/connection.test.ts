import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { connect } from '../../src/postgres/connection/connect.js'
import { createDatabase, createRole, query } from '../support/database.js'
import { type Environment, eventually, freePort, logOf } from '../support/process.js'
import { createProject, type Project, type Service } from '../support/project.js'
import { createProxy } from '../support/proxy.js'

// Alone: it stops this whole process, and with it the proxies of other tests.
await t.test('a process that was stopped while it connected goes on connecting', async (t) => {
  const url = await createDatabase(t)
  const connected = connect({ url, ssl: null, applicationName: 'stopped' })
  // Longer than an attempt may take.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_000)
  const client = await connected
  t.match(await client.query('select 1 as one'), { rows: [{ one: 1 }] })
  await client.end()
})

t.jobs = 3

const songs = 'create table songs (id int primary key, title text not null)'

interface Failure {
  readonly name: string
  /** From the superuser's URL and that of a role with a password. */
  readonly env: (urls: { own: string; role: string }) => Environment
  readonly exit: number
  /** The whole text; the host is db:5432, the user app, the database songs. */
  readonly says: string
}

const withPart = (
  url: string,
  part: Readonly<Partial<Record<'hostname' | 'password' | 'pathname' | 'port', string>>>,
) => Object.assign(new URL(url), part).href
/** One attempt takes up to 5 s, where a system is slow to say that it does not know a host, and it is to be repeated. */
const toTry = { CONNECT_TIMEOUT: '6s' }
const deadPort = String(await freePort())

const failures: readonly Failure[] = [
  {
    name: 'a wrong password',
    env: ({ role }) => ({ DATABASE_URL: withPart(role, { password: 'guess-4711' }) }),
    exit: 2,
    says: `SCHEMA_AUTHENTICATION_FAILED: PostgreSQL refused the password of user "app".

  database   app@db:5432/songs
  answer     28P01 password authentication failed for user "app"

Do one of:
  schemagate config   shows where the database URL comes from`,
  },
  {
    name: 'no password where the server wants one',
    env: ({ role }) => ({ DATABASE_URL: withPart(role, { password: '' }) }),
    exit: 2,
    says: `SCHEMA_AUTHENTICATION_FAILED: PostgreSQL refused the password of user "app".

  database   app@db:5432/songs
  answer     SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string

Do one of:
  schemagate config   shows where the database URL comes from`,
  },
  {
    name: 'a database that does not exist',
    env: ({ own }) => ({ DATABASE_URL: withPart(own, { pathname: '/test_nothing' }) }),
    exit: 2,
    says: `SCHEMA_DATABASE_MISSING: PostgreSQL has no database "songs".

  database   app@db:5432/songs
  answer     3D000 database "songs" does not exist

Do one of:
  schemagate config   shows where the database URL comes from
  createdb            creates the database`,
  },
  {
    name: 'a server without TLS where TLS is asked for',
    env: ({ own }) => ({ DATABASE_URL: own, DATABASE_SSL: 'verify' }),
    exit: 2,
    says: `SCHEMA_TLS_FAILED: The server does not offer TLS, but the configuration demands it.

  database   app@db:5432/songs
  answer     The server does not support SSL connections

Do one of:
  DATABASE_SSL=disable   connects without encryption`,
  },
  {
    name: 'a host that does not exist',
    env: ({ own }) => ({ DATABASE_URL: withPart(own, { hostname: 'nowhere.invalid', port: '5432' }) }),
    exit: 8,
    says: `SCHEMA_DATABASE_UNREACHABLE: The host name "nowhere.invalid" cannot be resolved.

  database   app@db:5432/songs
  answer     ENOTFOUND getaddrinfo ENOTFOUND nowhere.invalid

Do one of:
  schemagate config    shows where the database URL comes from
  CONNECT_TIMEOUT=2m   waits longer for a database that is still starting`,
  },
  {
    name: 'a port where nobody listens',
    env: ({ own }) => ({ DATABASE_URL: withPart(own, { port: deadPort, hostname: '127.0.0.1' }) }),
    exit: 8,
    says: `SCHEMA_DATABASE_UNREACHABLE: Nothing answers at db:5432.

  database   app@db:5432/songs
  answer     ECONNREFUSED connect ECONNREFUSED db:5432

Do one of:
  schemagate config    shows where the database URL comes from
  CONNECT_TIMEOUT=2m   waits longer for a database that is still starting`,
  },
]

/** Without a resolver the same is said as EAI_AGAIN. */
function plain(text: string, { DATABASE_URL: used = '' }: Environment): string {
  const { host, username, pathname } = new URL(used)
  return text
    .replaceAll(host, 'db:5432')
    .replaceAll(username, 'app')
    .replaceAll(pathname.slice(1), 'songs')
    .replaceAll('EAI_AGAIN', 'ENOTFOUND')
}

t.test('each reason why there is no connection has its own words', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const role = await createRole(t, project.url)
  const tried = failures.map(async ({ env }) => {
    const given = env({ own: project.url, role })
    return { given, ended: await project.run('serve', { ...toTry, ...given }) }
  })
  for (const [index, { name, exit, says }] of failures.entries()) {
    const found = await tried[index]
    if (found === undefined) continue
    const log = logOf(found.ended)
    t.equal(found.ended.exit, exit, `${name}: exit code ${exit}`)
    t.equal(plain(log.at(-1)?.msg ?? '', found.given), says, name)
    const waited = log.filter(({ event }) => event === 'waiting for database').length > 0
    t.equal(waited, exit === 8, 'what waiting can mend is waited for, and says so')
    t.notOk(log.some(({ event }) => event === 'listening'))
  }
})

/** What the log says of the database after the start, as events. */
const databaseEvents = (service: Service) =>
  service
    .log()
    .filter(({ label, event }) => label === 'database' && event !== 'inspected')
    .map(({ event }) => event)

/** A service with a health port, and how to wait for what its readiness says. */
async function watched(project: Project, env: Environment) {
  const service = await project.serve({ VERIFY_INTERVAL: '200ms', ...env })
  return {
    service,
    turns: (status: number) =>
      eventually(`readiness is ${status}`, {
        look: async () => (await service.ask('/health/ready')).status === status,
        otherwise: service.stdout,
      }),
    /** Until it has a connection that can be lost. */
    looks: async () => {
      const first = (await service.ask('/health/schema')).text
      await eventually('it has looked', {
        look: async () => (await service.ask('/health/schema')).text !== first,
      })
    },
  }
}

t.test('a database that goes away while it serves makes it unready until it is back', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const elsewhere = await createDatabase(t)
  const { service, turns, looks } = await watched(project, {})
  await looks()
  const name = new URL(project.url).pathname.slice(1)
  await query(elsewhere, `alter database ${name} allow_connections false`)
  await query(elsewhere, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
  await turns(503)
  const lost = await service.ask('/health/schema')
  t.equal(lost.status, 503)
  t.match(JSON.parse(lost.text), {
    status: 'fail',
    notes: [/^the database is lost since \d{4}-.*Z$/],
    revision: { current: '001_songs' },
    checks: { 'postgres:connection': [{ status: 'fail' }] },
  })
  t.equal((await service.ask('/health/live')).status, 200)
  await sleep(1_500)
  await query(elsewhere, `alter database ${name} allow_connections true`)
  await turns(200)
  t.equal((await service.ask('/health/schema')).status, 200)
  t.strictSame(databaseEvents(service), ['database lost', 'database back'], 'it is said once')
})

t.test('a database that answers and cannot be verified is not called lost', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  const role = await createRole(t, project.url)
  const { username } = new URL(role)
  const tables = 'on knex_migrations, schemagate_ledger'
  await project.query(`grant select ${tables} to ${username}`)
  const { service } = await watched(project, { DATABASE_URL: role, HEALTH_TOKEN: 'open-sesame' })
  await project.query(`revoke select ${tables} from ${username}`)
  const turnsSchema = (status: number) =>
    eventually(`/health/schema answers ${status}`, {
      look: async () => (await service.ask('/health/schema')).status === status,
    })
  await turnsSchema(503)
  t.equal((await service.ask('/health/ready')).status, 200, 'requests do not need what cannot be read')
  const bearer = { authorization: 'Bearer open-sesame' }
  const document = JSON.parse((await service.ask('/health/schema', bearer)).text)
  t.match(document, {
    status: 'fail',
    notes: [
      /^the database answers, but cannot be verified since \d{4}-.*Z: The role lacks a privilege to read what is verified: permission denied/,
    ],
    checks: { 'postgres:connection': [{ status: 'pass' }] },
  })
  t.match(JSON.parse((await service.ask('/health/schema')).text).notes, [/^the database answers, but .*Z$/])
  await project.query(`grant select ${tables} to ${username}`)
  await turnsSchema(200)
  t.strictSame(databaseEvents(service), ['check failing', 'check working'], 'it is said once')
})

t.test('a database that is too slow to be verified in time is not called lost', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  const proxy = await createProxy(t, project.url)
  await proxy.mend()
  const env = { DATABASE_URL: proxy.url, VERIFY_TIMEOUT: '1s', HEALTH_TOKEN: 'open-sesame' }
  const { service, turns } = await watched(project, env)
  await turns(200)
  proxy.slow(3_000)
  const document = await eventually('it says so', {
    look: async () => {
      const { status, text } = await service.ask('/health/schema', { authorization: 'Bearer open-sesame' })
      return status === 503 ? JSON.parse(text) : null
    },
    otherwise: service.stdout,
  })
  t.match(document.notes, [
    /^the database answers, but cannot .*: a check takes longer than VERIFY_TIMEOUT \(1\.0 s\)$/,
  ])
  t.equal((await service.ask('/health/ready')).status, 200)
  await proxy.mend()
  await eventually('it can be verified again', {
    look: async () => (await service.ask('/health/schema')).status === 200,
  })
  t.strictSame(databaseEvents(service), ['check failing', 'check working'])
})

t.test(
  'it waits for a database that is not there yet, and notices a network that swallows everything',
  async (t) => {
    const project = await createProject(t, { '001_songs': songs })
    const proxy = await createProxy(t, project.url)
    const waiting = project.start('serve', { DATABASE_URL: proxy.url })
    await waiting.said('"event":"waiting for database"')
    await proxy.mend()
    await waiting.said('"event":"listening"')
    t.match(
      waiting.log().find(({ event }) => event === 'waiting for database')?.msg,
      /^Nothing answers at 127\.0\.0\.1:\d+\. Trying again, for [\d.]+ m?s so far\.$/,
    )

    const { service, turns, looks } = await watched(project, {
      DATABASE_URL: proxy.url,
      VERIFY_TIMEOUT: '3s',
    })
    await looks()
    proxy.swallow()
    await turns(503)
    await proxy.mend()
    await turns(200)
    await proxy.cut()
    await turns(503)
    t.match(service.log().findLast(({ event }) => event === 'database lost')?.level, 50)
    service.kill('SIGTERM')
    t.equal((await service.ended()).exit, 0, 'it ends while the database is away')
  },
)

t.test('whoever waits for the database can be stopped', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const env = { DATABASE_URL: withPart(project.url, { hostname: '127.0.0.1', port: deadPort }) }
  const ends = ['serve', 'migrate', 'check --wait'].map(async (words) => {
    const running = project.start(words, env)
    await running.said('Nothing answers at')
    running.kill('SIGTERM')
    return running.ended()
  })
  const [serve, migrate, check] = await Promise.all(ends)
  const says = 'SCHEMA_INTERRUPTED: Waiting was stopped on request. Nothing was done.'
  t.match(serve, { exit: 0, stdout: says })
  t.match(migrate, { exit: 1, stderr: says })
  t.match(check, { exit: 1, stderr: says })
})
