import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t from 'tap'
import { SchemaError } from '../../src/errors/schema-error.js'
import { connect } from '../../src/postgres/connection/connect.js'
import { refusePooled } from '../../src/postgres/connection/pooler.js'
import { createDatabase, type Owner, query } from '../support/database.js'
import { createPooler, withoutPooler } from '../support/pgbouncer.js'
import { eventually, logOf } from '../support/process.js'
import { createProject } from '../support/project.js'
import { createProxy } from '../support/proxy.js'

t.jobs = 2

const needed = { skip: withoutPooler }

const songs = 'create table songs (id int primary key, title text not null)'
const plays = 'alter table songs add column plays int'

/** What a client must not leave behind in a session that the next one gets. PgBouncer itself keeps application_name. */
const leftovers = `select name, setting from pg_settings where source = 'session' and name <> 'application_name'
  union all select 'advisory lock', objid::text from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
  union all select 'prepared', name from pg_prepared_statements
  union all select 'temporary', relname from pg_class where relnamespace = pg_my_temp_schema()
  union all select 'channel', pg_listening_channels()`

/** Others who use the same pool all the time. */
async function keepBusy(t: Owner, url: string, clients: number): Promise<void> {
  const stop = new AbortController()
  const busy = Array.from({ length: clients }, async () => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    while (!stop.signal.aborted) {
      await client.query(`begin; select pg_sleep(random() / 100); commit`)
      await sleep(Math.random() * 10)
    }
    await client.end()
  })
  t.teardown(async () => {
    stop.abort()
    await Promise.all(busy)
  })
}

t.test(
  'it serves and verifies through a pooler that shares sessions, and leaves nothing in them',
  { ...needed },
  async (t) => {
    const project = await createProject(t, {
      '001_songs': songs,
      '002_view': 'create view hits as select id from songs',
    })
    await project.migrate()
    const pooled = await createPooler(t, project.url, { mode: 'transaction', size: 3 })
    await keepBusy(t, pooled, 4)
    const service = await project.serve({
      DATABASE_URL: pooled,
      VERIFY_INTERVAL: '50ms',
      MIGRATION_DATABASE_URL: project.url,
    })
    const is = (status: string) =>
      eventually(`health is ${status}`, {
        look: async () => JSON.parse((await service.ask('/health/schema')).text).status === status,
        otherwise: service.stdout,
      })
    await is('pass')
    await project.query('alter table songs drop column title')
    await is('fail')
    await project.query('alter table songs add column title text not null')
    await is('pass')
    for (const words of ['status', 'verify', 'check'])
      t.equal((await project.run(words, { DATABASE_URL: pooled })).exit, 0, `schemagate ${words}`)
    t.strictSame(
      service.log().filter(({ event }) => event === 'database lost'),
      [],
    )
    for (let look = 0; look < 20; look++) t.strictSame(await query(pooled, leftovers), [])
  },
)

t.test(
  'migrating through such a pooler is refused, and goes past it where that is configured',
  { ...needed },
  async (t) => {
    const project = await createProject(t, { '001_songs': songs, '002_plays': plays })
    const pooled = await createPooler(t, project.url, { mode: 'transaction' })
    const proxy = await createProxy(t, pooled)
    await proxy.mend()
    const before = await project.objects()
    for (const words of ['serve', 'migrate']) {
      const ended = await project.run(words, { DATABASE_URL: proxy.url })
      t.equal(ended.exit, 2)
      const said = words === 'serve' ? (logOf(ended).at(-1)?.msg ?? '') : ended.stderr
      const at = new URL(proxy.url)
      t.match(
        said
          .slice(said.indexOf('SCHEMA_'))
          .trimEnd()
          .replace(`${at.username}@${at.host}${at.pathname}`, 'app@db:5432/songs')
          .replace(/found .*/, 'found      …'),
        `SCHEMA_POOLED: This connection leads to a pooler that shares sessions between its clients, so the migration lock would not hold. Nothing was done.

  database   app@db:5432/songs
  found      …

Do one of:
  MIGRATION_DATABASE_URL   names the PostgreSQL behind the pooler, or a pool in session mode, for migrations
  ON_BEHIND=refuse         leaves migrations to a different process; serving works through the pooler`,
      )
    }
    t.strictSame(await project.objects(), before, 'nothing was written')
    t.notMatch(proxy.sent(), /set_config|set (?!local)[a-z_]+ to|advisory_lock\(/i, 'no session was changed')
    t.strictSame(await query(pooled, leftovers), [])

    const service = await project.serve({ DATABASE_URL: pooled, MIGRATION_DATABASE_URL: project.url })
    t.equal((await service.ask('/health/ready')).status, 200)
    t.equal(JSON.parse((await service.ask('/health/schema')).text).revision.current, '002_plays')
  },
)

t.test('a pooler that gives each client a session of its own is no obstacle', { ...needed }, async (t) => {
  const project = await createProject(t, { '001_songs': songs, '002_plays': plays })
  const pooled = await createPooler(t, project.url, { mode: 'session', size: 10 })
  await keepBusy(t, pooled, 3)
  const ended = await project.run('migrate', { DATABASE_URL: pooled })
  t.equal(ended.exit, 0, ended.stderr)
})

/** How often out of `times` a connection is refused as pooled. */
async function refusals(url: string, times: number): Promise<number> {
  const connection = { url, ssl: null, applicationName: 'schemagate test' }
  let refused = 0
  for (let time = 0; time < times; time++) {
    const client = await connect(connection)
    try {
      await refusePooled(client, connection)
    } catch (error) {
      if (!(error instanceof SchemaError) || error.code !== 'SCHEMA_POOLED') throw error
      refused += 1
    } finally {
      await client.end()
    }
  }
  return refused
}

t.test('sharing is found whatever else the pool is used for', { ...needed }, async (t) => {
  const url = await createDatabase(t)
  const times = 20
  for (const [clients, size] of [
    [0, 5],
    [1, 5],
    [4, 5],
    [20, 5],
    [20, 20],
    [2, 1],
  ] as const) {
    await t.test(`${clients} others, ${size} sessions`, async (t) => {
      const shared = await createPooler(t, url, { mode: 'transaction', size })
      await keepBusy(t, shared, clients)
      t.equal(await refusals(shared, times), times, 'shared sessions')
    })
    await t.test(`${clients} others that keep their sessions`, async (t) => {
      const own = await createPooler(t, url, { mode: 'session', size: clients + 2 })
      await keepBusy(t, own, clients)
      t.equal(await refusals(own, 3), 0, 'own sessions')
    })
  }
  t.equal(await refusals(url, 3), 0, 'no pooler')
})

t.test('a setting of the URL that a pooler refuses is named', { ...needed }, async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const pooled = await createPooler(t, project.url, { mode: 'transaction' })
  const ended = await project.run('check', { DATABASE_URL: `${pooled}?statement_timeout=5000` })
  t.equal(ended.exit, 2)
  const { username, host, pathname } = new URL(pooled)
  t.equal(
    ended.stderr
      .replaceAll(host, 'db:5432')
      .replace(`${username}@`, 'app@')
      .replace(pathname, '/songs')
      .trim(),
    `SCHEMA_CONFIG_INVALID: The pooler at db:5432 refuses a setting that the URL asks for.

  database   app@db:5432/songs
  answer     08P01 unsupported startup parameter: statement_timeout

Do one of:
  schemagate config   shows where the database URL comes from
  alter role … set    stores the setting with the role; then remove it from the URL`,
  )
})
