import pg from 'pg'
import t, { type Test } from 'tap'
import { eventually } from '../support/process.js'
import { createProject, type Project, type Service } from '../support/project.js'

t.jobs = 3

const songs = [
  'create table songs (id int primary key, isrc text unique, title text, plays int)',
  'create unique index titles on songs (title)',
  'create index on songs (plays)',
  'alter table songs cluster on songs_pkey',
]
const fleetOfOne = { VERIFY_INTERVAL: '100ms' }

async function connect(t: Test, { url }: Project): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end().catch(() => {}))
  return client
}

/** What both probes answered since the last question; it looks until the service has checked again. */
async function answers(service: Service, more = 3): Promise<readonly string[]> {
  const seen = new Set<string>()
  const said = new Set<string>()
  await eventually(`${more} more checks`, {
    look: async () => {
      const [ready, schema] = [await service.ask('/health/ready'), await service.ask('/health/schema')]
      const { status, verification } = JSON.parse(schema.text)
      said.add(`ready ${ready.status}, schema ${schema.status} ${status}`)
      seen.add(verification.checkedAt)
      return seen.size > more
    },
    otherwise: service.stdout,
  })
  return [...said]
}

const calm = ['ready 200, schema 200 pass']

const reader = 'select from songs'
const writer = 'lock table songs in row exclusive mode'

/** An old transaction, and a statement of another session that waits for it once there is an index of this name. */
async function blocked(
  t: Test,
  project: Project,
  { by, statement, index }: Readonly<Record<string, string>>,
) {
  const [old, builder] = [await connect(t, project), await connect(t, project)]
  await old.query(`begin; ${by}`)
  const [row] = (await builder.query('select pg_backend_pid() as pid')).rows
  const ended = builder.query(String(statement)).then(
    () => 'done',
    () => 'failed',
  )
  await eventually('it has begun', {
    look: async () => (await project.query(`select from pg_class where relname = '${index}'`)).length > 0,
  })
  return {
    end: async () => {
      await old.query('commit')
      return ended
    },
    kill: async () => {
      await project.query(`select pg_terminate_backend(${row.pid})`)
      await ended
      await old.query('commit')
    },
  }
}

t.test('an index that is built again concurrently is no drift while that runs', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve(fleetOfOne)
  const statement = 'reindex table concurrently songs'
  const first = await blocked(t, project, { by: reader, statement, index: 'songs_isrc_key_ccold' })
  t.strictSame(await answers(service), calm)
  t.match(await project.run('check'), { exit: 0, stderr: '' })
  t.match((await project.run('verify')).stdout, 'as promised')
  t.match(await project.run('stamp 001_songs'), { exit: 0 })
  const another = await project.serve(fleetOfOne)
  t.strictSame(await answers(another), calm, 'a start')

  t.equal(await first.end(), 'done')
  t.strictSame(await answers(service), calm)
  t.strictSame(await project.query(`select from pg_class where relname ~ '_cc(new|old)'`), [])

  const second = await blocked(t, project, { by: writer, statement, index: 'titles_ccnew' })
  t.strictSame(await answers(service), calm)
  await second.kill()
  await eventually('what a dead build left is told', {
    look: async () => (await service.ask('/health/schema')).status === 503,
    otherwise: service.stdout,
  })
  t.equal((await service.ask('/health/ready')).status, 200)
  const told = await project.run('verify')
  t.equal(told.exit, 4)
  for (const index of ['titles', 'songs_pkey', 'songs_isrc_key'])
    t.match(told.stdout, `unexpected index:public.songs.${index}_ccnew`)
  t.match(await project.run('repair --confirm production'), { exit: 0 })
  t.match(await project.run('check'), { exit: 0 })
  t.strictSame(await answers(service), calm)
})

t.test('an index that pg_repack builds beside another is no drift', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.migrate()
  for (const columns of ['id', 'title']) {
    const index = columns === 'id' ? 'index_16401' : 'index_16402'
    const statement = `create unique index concurrently ${index} on songs using btree (${columns})`
    const repacking = await blocked(t, project, { by: writer, statement, index })
    t.match(await project.run('check'), { exit: 0 }, 'while it is built')
    t.equal(await repacking.end(), 'done')
    t.match(await project.run('check'), { exit: 0 }, 'while both are there')
  }
})

t.test('a unique index that somebody adds is found, even while it is built', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  const service = await project.serve(fleetOfOne)
  const adding = await blocked(t, project, {
    by: writer,
    statement: 'create unique index concurrently titles_ccnew on songs (plays)',
    index: 'titles_ccnew',
  })
  await eventually('it is told', { look: async () => (await service.ask('/health/schema')).status === 503 })
  t.equal((await project.run('check')).exit, 4)
  t.equal(await adding.end(), 'done')
  t.equal((await project.run('check')).exit, 4)
})

t.test('maintenance and what tools add to a database is told and disturbs nobody', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_events': [
      'create table events (id bigint generated always as identity, day date not null, primary key (id, day)) partition by range (day)',
      `create table events_p2026_01 partition of events for values from ('2026-01-01') to ('2026-02-01')`,
    ],
  })
  await project.query('create role retention login')
  t.teardown(() => project.query('drop role retention'))
  const service = await project.serve(fleetOfOne)
  for (const statement of [
    'reindex table songs',
    'vacuum full songs',
    'cluster songs using titles',
    'create publication cdc for all tables',
    'create publication debezium for table songs, events',
    'create function notify_ddl() returns event_trigger language plpgsql as $$ begin end $$',
    'create event trigger vendor on ddl_command_end execute function notify_ddl()',
    `create schema repack; create function repack.repack_trigger() returns trigger language plpgsql as 'begin return null; end'`,
    'create trigger repack_trigger after insert or delete or update on songs for each row execute function repack.repack_trigger()',
    'create policy none on songs using (false)',
    `create table events_p2026_02 partition of events for values from ('2026-02-01') to ('2026-03-01')`,
    'alter table events detach partition events_p2026_01',
    'drop table events_p2026_01',
    'create schema tenant_7; create table tenant_7.songs (id int primary key)',
    'create extension citext',
  ]) {
    await project.query(statement)
    t.strictSame(await answers(service, 1), calm, statement)
  }
  t.match(await project.run('check'), { exit: 0 })
  await project.query('alter table songs replica identity nothing')
  // A check that had begun before it answers first.
  await eventually('what breaks this build is told', {
    look: async () => (await service.ask('/health/schema')).status === 503,
    otherwise: service.stdout,
  })
  t.equal((await service.ask('/health/ready')).status, 200)
  await t.rejects(project.query('update songs set plays = 1'), /does not have a replica identity/)
})

t.test('a collation of another version is a note with what mends it, and no drift', async (t) => {
  const project = await createProject(t, {
    '001_songs': [
      `create collation german (provider = icu, locale = 'de')`,
      'create table songs (title text collate german)',
    ],
  })
  await project.migrate()
  const name = new URL(project.url).pathname.slice(1)
  await project.query(`update pg_database set datcollversion = '1.0' where datname = '${name}'`)
  await project.query(`update pg_collation set collversion = '2.0' where collname = 'german'`)
  const { exit, stdout } = await project.run('verify')
  t.equal(exit, 0)
  t.match(stdout, 'as promised')
  t.match(stdout, `ALTER DATABASE ${name} REFRESH COLLATION VERSION;`)
  t.match(
    stdout,
    /note: the collation public\.german was recorded with version 2\.0, and the server has [^]*ALTER COLLATION public\.german REFRESH VERSION;/,
  )
  const advice = [...stdout.matchAll(/(?:REINDEX DATABASE|ALTER (?:DATABASE|COLLATION)) [^;]+;/g)]
  t.equal(advice.length, 3)
  for (const [sql] of advice) await project.query(sql)
  t.notMatch((await project.run('verify')).stdout, 'note:')
})

t.test('a migration that makes partitions by the day on which it runs is told of the setting', async (t) => {
  const month = `case when current_database() like '%scratch%' then 5 else 6 end`
  const project = await createProject(t, {
    '001_events': [
      'create table events (day int) partition by range (day)',
      `do $$ begin execute format('create table events_p2026_0%s partition of events for values from (%s) to (%s)',
        ${month}, ${month}, ${month} + 1); end $$`,
    ],
  })
  const refused = await project.run('migrate')
  t.equal(refused.exit, 7)
  t.match(refused.stderr, 'VERIFY_IGNORE=table:public.events_p*   if partitions come and go with time')
  const env = { VERIFY_IGNORE: 'table:public.events_p*' }
  t.match(await project.run('migrate', env), { exit: 0 })
  t.match(await project.run('check', env), { exit: 0 })
})
