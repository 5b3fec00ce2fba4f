import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import t, { type Test } from 'tap'
import { createServer, type OwnServer } from '../support/own-server.js'
import { type Environment, eventually, fleetService, logOf, start } from '../support/process.js'
import { createProject, listening, type Migrations, type Project, type Service } from '../support/project.js'

t.jobs = 3

const role = 'shop'
const password = 'pw-4711-away'
const token = 'fleet-token-4711'

/** A database of a role that is no superuser: limits hold for it. */
async function databaseOf(server: OwnServer): Promise<string> {
  await server.query(`create role ${role} login createdb password '${password}'`)
  await server.query(`create database ${role} owner ${role} template template0`)
  return Object.assign(new URL(server.url), { username: role, password, pathname: `/${role}` }).href
}

const sessions = `from pg_stat_activity where usename = '${role}' and pid <> pg_backend_pid()`
const terminate = `select pg_terminate_backend(pid) ${sessions}`

interface Fault {
  readonly name: string
  readonly break: (server: OwnServer) => Promise<unknown>
  /** Null where it is over as soon as it is noticed. */
  readonly mend: ((server: OwnServer) => Promise<unknown>) | null
}

const whileServing: readonly Fault[] = [
  { name: 'stopped and started again', break: ({ stop }) => stop(), mend: ({ start }) => start() },
  { name: 'killed and started again', break: ({ crash }) => crash(), mend: ({ start }) => start() },
  { name: 'a network that is cut', break: ({ proxy }) => proxy.cut(), mend: ({ proxy }) => proxy.mend() },
  {
    name: 'a network that swallows everything',
    break: async ({ proxy }) => proxy.swallow(),
    mend: ({ proxy }) => proxy.mend(),
  },
  {
    name: 'a router that forgets what is open',
    break: async ({ proxy }) => proxy.swallow('open'),
    mend: null,
  },
  {
    name: 'no connection left',
    break: async (server) => {
      await server.query(`alter role ${role} connection limit 0`)
      await server.query(terminate)
    },
    mend: (server) => server.query(`alter role ${role} connection limit -1`),
  },
]

interface Probing {
  readonly end: () => Promise<{ readonly answers: number; readonly slowest: number }>
}

/** Asks for health all the time; every answer has to be 200 or 503. */
function probe(t: Test, service: Service): Probing {
  const paths = ['live', 'ready', 'startup', 'schema']
  const stop = new AbortController()
  let answers = 0
  let slowest = 0
  const asking = (async () => {
    for (let turn = 0; !stop.signal.aborted; turn++) {
      const path = `/health/${paths[turn % paths.length] ?? ''}`
      const asked = performance.now()
      const { status } = await service.ask(path)
      slowest = Math.max(slowest, performance.now() - asked)
      answers += 1
      const expected = path === '/health/live' || path === '/health/startup' ? [200] : [200, 503]
      if (!expected.includes(status)) t.fail(`${path} answers ${status}`)
      await sleep(50)
    }
  })()
  return {
    end: async () => {
      stop.abort()
      await asking
      return { answers, slowest }
    },
  }
}

const report = {
  service: 'songs',
  environment: 'production',
  instance: 'pod-1',
  health: {
    status: 'pass',
    phase: 'serving',
    revision: { current: '1', head: '1', position: 'current', pending: [], unknown: [] },
  },
}

const addressOf = (service: Service): string =>
  String(service.log().find(({ what }) => what === '/health/schema')?.['address'])

async function postReport(service: Service) {
  const answer = await fetch(`${addressOf(service)}/api/v1/reports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(report),
  })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

/** What a process holds: open sockets, and resident memory in MB. */
async function booksOf(pid: number) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(status) ?? []
  return { files: (await readdir(`/proc/${pid}/fd`)).length, memory: Math.round(Number(kilobytes) / 1024) }
}

t.test('a service survives whatever happens to its database, and answers all the time', async (t) => {
  const server = await createServer(t)
  const own = fileURLToPath(new URL('../../', import.meta.url))
  const url = await databaseOf(server)
  const running = start(t, ['serve'], {
    cwd: own,
    entry: fleetService,
    env: {
      NODE_ENV: 'production',
      ENV_TARGET: 'away',
      DATABASE_URL: url,
      HOST: '127.0.0.1',
      PORT: '0',
      VERIFY_INTERVAL: '200ms',
      // Longer than a machine stands still: that would be a loss, too.
      VERIFY_TIMEOUT: '8s',
      FLEET_TOKEN: token,
      TERMINATION_LOG: '/dev/null',
    },
  })
  const service = await listening(running)
  const turns = (status: number) =>
    eventually(`readiness is ${status}`, {
      look: async () => (await service.ask('/health/ready')).status === status,
      otherwise: service.stdout,
    })
  const posts = (status: number) =>
    eventually(`a report is answered with ${status}`, {
      look: async () => {
        const answer = await postReport(service)
        return answer.status === status ? answer : null
      },
      otherwise: service.stdout,
    })
  const losses = (before: number) =>
    service
      .log()
      .slice(before)
      .flatMap(({ event }) => (event === 'database lost' || event === 'database back' ? [event] : []))
  await posts(201)
  const probing = probe(t, service)
  for (const { name, break: breakIt, mend } of whileServing)
    await t.test(name, async (t) => {
      const before = service.log().length
      await breakIt(server)
      await eventually('it is noticed', {
        look: () => losses(before).length > 0,
        otherwise: service.stdout,
      })
      if (mend !== null) {
        await turns(503)
        const refused = await posts(503)
        t.equal(refused.headers.get('content-type'), 'application/problem+json; charset=utf-8')
        t.equal(refused.headers.get('retry-after'), '5')
        await mend(server)
      }
      await turns(200)
      await posts(201)
      await eventually('its end is said', { look: () => losses(before).includes('database back') })
      t.strictSame(losses(before), ['database lost', 'database back'], 'it is said once')
    })

  await t.test('hundreds of terminated connections leave nothing behind', async (t) => {
    const cycles = 200
    const admin = new pg.Client({ connectionString: server.direct() })
    await admin.connect()
    t.teardown(() => admin.end())
    const known = async (more = '') =>
      new Set(
        (await admin.query<{ pid: number }>(`select pid ${sessions}${more}`)).rows.map(({ pid }) => pid),
      )
    let before = await booksOf(service.pid)
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const old = await known()
      await admin.query(terminate)
      if (cycle % 10 === 0) await posts(201)
      await eventually('it has looked again', {
        look: async () =>
          [...(await known(` and state = 'idle' and query <> ''`))].some((pid) => !old.has(pid)),
        otherwise: service.stdout,
      })
      if (cycle === 50) before = await booksOf(service.pid)
    }
    await turns(200)
    await posts(201)
    const after = await booksOf(service.pid)
    const { answers, slowest } = await probing.end()
    t.comment(
      `${cycles} cycles; ${answers} probes, the slowest ${Math.round(slowest)} ms; files ${before.files} -> ${after.files}; MB ${before.memory} -> ${after.memory}; sessions ${(await known()).size}`,
    )
    t.ok(after.files < before.files + 10, `open files: ${before.files} -> ${after.files}`)
    t.ok(after.memory < before.memory + 60, `memory: ${before.memory} -> ${after.memory} MB`)
    await eventually('one session watches, and at most one more is of the pool', {
      look: async () => (await known()).size <= 2,
    })
    t.equal(JSON.parse((await service.ask('/health/schema')).text).status, 'pass')
  })
  service.kill('SIGTERM')
  t.match(await service.ended(), { exit: 0, stderr: '' })
})

const songs = 'create table songs (id int primary key, title text not null)'
const plays = 'alter table songs add column plays int'
const held = 'select pg_advisory_xact_lock(1)'

interface Place {
  readonly server: OwnServer
  readonly project: Project
}

interface EarlyFault {
  readonly name: string
  readonly migrations: Migrations
  readonly env?: Environment
  /** The database is empty, or what this makes of it. */
  readonly before?: (place: Place) => Promise<unknown>
  /** Until when the process is left alone. Default: not at all. */
  readonly until?: (place: Place) => Promise<unknown>
  readonly break: (place: Place) => Promise<unknown>
  /** What it says then. */
  readonly says: RegExp
  readonly mend: (place: Place) => Promise<unknown>
}

/** Holds `held` up; ended by whatever ends the connections of the server. */
async function holdUp({ server, project }: Place): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(server.direct(), project) })
  client.on('error', () => {})
  await client.connect()
  await client.query('select pg_advisory_lock(1)')
}

const withDatabase = (url: string, { url: named }: Project): string =>
  Object.assign(new URL(url), { pathname: new URL(named).pathname }).href

const blocked = { '001_songs': songs, '002_plays': [plays, held] } as const

const isHeldUp = ({ server }: Place) =>
  eventually('the migration is held up', {
    look: async () =>
      (await server.query(`select from pg_locks where locktype = 'advisory' and not granted`))[0],
  })

const release = ({ server }: Place) =>
  server.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = 1 and granted`,
  )

const beforeServing: readonly EarlyFault[] = [
  {
    name: 'the server is started again in the middle of a migration',
    migrations: blocked,
    before: holdUp,
    until: isHeldUp,
    break: ({ server }) => server.stop(),
    says: /The connection to PostgreSQL was lost while 002_plays ran\. What was not committed is rolled back\. Trying again/,
    mend: ({ server }) => server.start(),
  },
  {
    name: 'the server is killed in the middle of a migration',
    migrations: blocked,
    before: holdUp,
    until: isHeldUp,
    break: ({ server }) => server.crash(),
    says: /was lost while 002_plays ran/,
    mend: ({ server }) => server.start(),
  },
  {
    name: 'an administrator terminates the connections of a migration',
    migrations: blocked,
    before: holdUp,
    until: isHeldUp,
    break: ({ server }) => server.query(terminate),
    says: /was lost while 002_plays ran/,
    mend: release,
  },
  {
    name: 'the network swallows everything in the middle of a migration',
    migrations: blocked,
    before: holdUp,
    until: isHeldUp,
    break: async ({ server }) => server.proxy.swallow(),
    says: /was lost while 002_plays ran/,
    mend: async (place) => {
      await release(place)
      await place.server.proxy.mend()
    },
  },
  {
    name: 'the server gives no answer to the first look',
    migrations: { '001_songs': songs },
    env: { VERIFY_TIMEOUT: '1s', VERIFY_INTERVAL: '1h' },
    before: async (place) => {
      await place.project.migrate()
      const client = new pg.Client({ connectionString: withDatabase(place.server.direct(), place.project) })
      client.on('error', () => {})
      await client.connect()
      await client.query('begin; lock table knex_migrations; select pg_advisory_lock(1)')
    },
    break: async () => {},
    says: /The connection to \S+ was lost: ETIMEDOUT no answer within 1000 ms\. Trying again/,
    mend: release,
  },
  {
    name: 'there is no connection left',
    migrations: { '001_songs': songs },
    before: ({ server }) => server.query(`alter role ${role} connection limit 0`),
    break: async () => {},
    says: /PostgreSQL has no connection left for role \S+: its CONNECTION LIMIT is reached\. .*Trying again/,
    mend: ({ server }) => server.query(`alter role ${role} connection limit -1`),
  },
]

t.test('a start survives whatever happens to its database', async (t) => {
  const server = await createServer(t)
  const url = await databaseOf(server)
  for (const { name, migrations, env = {}, before, until, break: breakIt, says, mend } of beforeServing)
    await t.test(name, async (t) => {
      await server.query(`drop database ${role} with (force)`)
      await server.query(`create database ${role} owner ${role} template template0`)
      const place = { server, project: await createProject(t, migrations, { database: url }) }
      await before?.(place)
      const process = place.project.start('serve', { CONNECT_TIMEOUT: '100s', LOG_LEVEL: 'debug', ...env })
      await until?.(place)
      await breakIt(place)
      await process.said(says)
      await mend(place)
      const service = await listening(process)
      t.equal((await service.ask('/health/ready')).status, 200)
      const { revision, status } = JSON.parse((await service.ask('/health/schema')).text)
      t.equal(status, 'pass')
      t.equal(revision.current, Object.keys(migrations).at(-1))
      service.kill('SIGTERM')
      t.match(await service.ended(), { exit: 0, stderr: '' })
      await eventually('nothing of it is left', {
        look: async () => (await server.query(`select pid ${sessions}`)).length === 0,
      })
    })
})

t.test('what a lost connection left half done outside a transaction is not run again', async (t) => {
  const half = ['create table plays (id int)', held, 'create table likes (id int)']
  const project = await createProject(t, { '001_songs': songs, '002_half': { up: half, transaction: false } })
  await project.block()
  const process = project.start('serve')
  const [waiting] = await eventually('the migration is held up', {
    look: async () => {
      const rows = await project.query(
        `select pid from pg_locks where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`,
      )
      return rows.length > 0 ? rows : null
    },
    otherwise: process.stdout,
  })
  await project.query(`select pg_terminate_backend(${String(waiting?.['pid'])})`)
  const ended = await process.ended()
  t.equal(ended.exit, 7)
  const said = logOf(ended)
  t.match(
    said.find(({ event, msg }) => event === 'waiting for database' && msg.includes('002_half'))?.msg,
    /^The connection to PostgreSQL was lost while 002_half ran\. It runs outside a transaction: what it did before stays\. Trying again/,
  )
  t.match(
    said.at(-1)?.msg,
    /^SCHEMA_HALF_APPLIED: [^]*done +table:public\.plays[^]*not done +table:public\.likes/,
  )
})

t.test('a disk that is full is said, and later the migration succeeds', async (t) => {
  const server = await createServer(t)
  const url = await databaseOf(server)
  const filler = `insert into songs select g, repeat('x', 2000) from generate_series(1, 20000) g`
  const project = await createProject(
    t,
    { '001_songs': songs, '002_rows': [plays, filler] },
    { database: url },
  )
  await project.migrate('001_songs')
  await server.startOnSmallDisk(20 * 1024 * 1024)
  const failed = await project.run('serve')
  t.equal(failed.exit, 7)
  t.match(
    logOf(failed).at(-1)?.msg,
    /^SCHEMA_MIGRATION_FAILED: 002_rows failed\. Its transaction was rolled back\.\n[^]*could not extend file[^]*hint +Check free disk space\./,
  )
  t.match((await project.run('status')).stdout, /current +001_songs/)
  const events = `select event from schemagate_ledger where revision = '002_rows' order by id`
  t.strictSame(await project.query(events), [{ event: 'started' }, { event: 'failed' }])

  await server.stop()
  await server.start()
  const service = await project.serve()
  t.equal(JSON.parse((await service.ask('/health/schema')).text).revision.current, '002_rows')
})

t.test(
  'a server is started again though a session of the one that was killed is still at work',
  async (t) => {
    const server = await createServer(t)
    const client = new pg.Client({ connectionString: server.direct() })
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const pid = rows[0]?.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    await server.crash()
    const starting = server.start()
    const refusals = new Set<string>()
    await eventually('PostgreSQL has refused to start many times', {
      look: async () => {
        for (const line of (await server.log()).split('\n'))
          if (line.includes('pre-existing shared memory block')) refusals.add(line)
        return refusals.size > 6
      },
    }).finally(() => process.kill(pid, 'SIGCONT'))
    await starting
    t.strictSame(await server.query('select'), [{}])
  },
)

t.test('a standby is served from, and migrated through its primary', async (t) => {
  const server = await createServer(t)
  const primary = await databaseOf(server)
  const project = await createProject(t, { '001_songs': songs, '002_plays': plays }, { database: primary })
  await project.migrate('001_songs')
  const { port } = new URL(await server.startStandby())
  const standby = Object.assign(new URL(primary), { port }).href
  const refused = await project.run('serve', { DATABASE_URL: standby })
  t.equal(refused.exit, 3)
  t.equal(
    project.plain((logOf(refused).at(-1)?.msg ?? '').replace(`:${port}/`, `:${new URL(primary).port}/`)),
    `SCHEMA_BEHIND: the database is 1 revision behind this build. It is a standby: only its primary can be migrated. The service did not start.

  database   app@db:5432/songs  (environment production)
  current    001_songs
  head       002_plays
  pending    002_plays

Do one of:
  MIGRATION_DATABASE_URL   names the primary: what is pending is applied there, and comes here by itself
  ON_BEHIND=warn           start anyway; queries on what they add will fail`,
  )
  const service = await project.serve({ DATABASE_URL: standby, MIGRATION_DATABASE_URL: primary })
  t.equal((await service.ask('/health/ready')).status, 200)
  const again = await project.serve({ DATABASE_URL: standby, VERIFY_INTERVAL: '200ms' })
  const status = async () => JSON.parse((await again.ask('/health/schema')).text).status
  t.equal(await status(), 'pass', 'at head it needs no primary')
  await project.query('alter table songs drop column plays')
  await eventually('what is changed on the primary shows on the standby', {
    look: async () => (await status()) === 'fail',
    otherwise: again.stdout,
  })
  const written = await project.run('down --confirm production', { DATABASE_URL: standby })
  t.equal(written.exit, 2)
  t.match(written.stderr, /SCHEMA_READ_ONLY: .*standby/)
})
