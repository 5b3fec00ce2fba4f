import t from 'tap'
import { eventually, logOf, type Running } from '../support/process.js'
import { createProject, type Project } from '../support/project.js'
import { revisionOf } from '../../src/project/revision-name.js'

t.jobs = 2

const songs = 'create table songs (id int primary key, title text not null)'
const plays = 'alter table songs add column plays int'
const blocked = 'select pg_advisory_xact_lock(1)'
const debug = { LOG_LEVEL: 'debug' }

const ledger = async ({ query }: Project) =>
  (await query('select revision, event from schemagate_ledger where revision is not null order by id')).map(
    (row) => Object.values(row).join(' '),
  )
const recorded = async ({ query }: Project) =>
  (await query('select name from knex_migrations order by id')).map(({ name }) => revisionOf(String(name)))

/** No session holds the migration lock any more, and Knex's lock row, if it was made, is one and free. */
const unlocked = ({ query }: Project) =>
  eventually('nothing is locked', {
    look: async () => {
      const [found] = await query(`select
        (select count(*) from pg_locks where locktype = 'advisory' and objsubid = 2
          and database = (select oid from pg_database where datname = current_database()))::int as held,
        to_regclass('knex_migrations_lock') as table`)
      if (found?.['held'] !== 0) return false
      const rows = found['table'] === null ? [] : await query('select is_locked from knex_migrations_lock')
      return rows.every((row) => row['is_locked'] === 0) && rows.length <= 1
    },
  })

/** The statement that `block` holds up has begun. */
const heldUp = ({ query }: Project) =>
  eventually('a statement is held up', {
    look: async () => {
      const [found] = await query(`select count(*)::int as sessions from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'advisory'`)
      return found?.['sessions'] === 1
    },
  })

t.test('kill -9 in a transaction leaves nothing, and the next start says so and goes on', async (t) => {
  const project = await createProject(t, { '001_songs': songs, '002_slow': [plays, blocked] })
  await project.migrate('001_songs')
  const goOn = await project.block()
  const killed = project.start('serve', debug)
  await heldUp(project)
  killed.kill('SIGKILL')
  t.equal((await killed.ended()).exit, 'SIGKILL')

  const next = project.start('serve', debug)
  await next.said('002_slow (1 of 1)')
  await goOn()
  await next.said('"event":"listening"')
  t.match(
    next.log().find(({ event }) => event === 'interrupted before')?.msg,
    /^002_slow was started by replica-1 at \S+Z and never finished: its process was killed or lost its connection\. Its transaction was rolled back, and it runs again\.$/,
  )
  t.strictSame((await ledger(project)).slice(2), ['002_slow started', '002_slow started', '002_slow applied'])
  await unlocked(project)
})

t.test(
  'a connection that is lost in the middle of a migration, and not to be replaced, is no riddle',
  async (t) => {
    const project = await createProject(t, { '001_songs': songs, '002_slow': [plays, blocked] })
    await project.migrate('001_songs')
    const goOn = await project.block()
    const cut = project.start('migrate', { ...debug, MIGRATION_DEADLINE: '0s' })
    await heldUp(project)
    await project.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name like 'schemagate replica-1 %'`)
    const { exit, stderr } = await cut.ended()
    t.equal(exit, 8)
    t.equal(
      project.plain(stderr.slice(stderr.indexOf('SCHEMA_'))),
      `SCHEMA_DATABASE_UNREACHABLE: The connection to PostgreSQL was lost while 002_slow ran. What was not committed is rolled back.

  database         app@db:5432/songs
  file             /songs/migrations/002_slow.js
  error            ROLLBACK - Client has encountered a connection error and is not queryable
  server           57P01 terminating connection due to administrator command
  stayed applied   none of this run

Do one of:
  run it again   goes on from what is recorded
`,
    )
    await goOn()
    const next = await project.run('migrate')
    t.equal(next.exit, 0)
    t.match(next.stderr, /^ +migrated +002_slow/m)
    await unlocked(project)
  },
)

t.test(
  'kill -9 outside a transaction: the next start runs nothing, and says what is done and what is not',
  async (t) => {
    const half = [
      'create table plays (id int)',
      'select pg_advisory_lock_shared(1)',
      'create table likes (id int)',
    ]
    const project = await createProject(t, {
      '001_songs': songs,
      '002_half': { up: half, transaction: false },
    })
    await project.migrate('001_songs')
    await project.block()
    const killed = project.start('serve', debug)
    await heldUp(project)
    killed.kill('SIGKILL')
    await killed.ended()
    t.strictSame(await project.query('select is_locked from knex_migrations_lock'), [{ is_locked: 1 }])

    const next = await project.run('serve')
    t.equal(next.exit, 7)
    const log = logOf(next)
    t.equal(
      log.find(({ event }) => event === 'knex lock freed')?.msg,
      "a killed process left Knex's lock row set; it was freed, because no other process holds the migration lock",
    )
    t.equal(
      project.plain(log.at(-1)?.msg ?? '').replace(/at \S+Z$/m, 'at then'),
      `SCHEMA_HALF_APPLIED: 002_half was interrupted outside a transaction, and is applied in part. Nothing was run.

  database      app@db:5432/songs
  interrupted   002_half, started by replica-1 at then
  pending       002_half  applied in part
                    done       table:public.plays
                               column:public.plays.id
                    not done   table:public.likes
                               column:public.likes.id

Do one of:
  schemagate diff database snapshot@002_half --sql    writes what completes its objects, not its rows; schemagate repair records it then
  schemagate diff database snapshot@001_songs --sql   writes what removes the part that is there; schemagate migrate runs it again then
  correct the migration                               to go on from what is there, then schemagate snapshot: a changed file runs again`,
    )
    t.strictSame(await recorded(project), ['001_songs'])
    await unlocked(project)
  },
)

/** Both ways to be stopped: in the middle of a revision, and while another process holds the lock. */
async function stopped(project: Project, words: string, signal: NodeJS.Signals) {
  await project.block()
  const migrating = project.start(words, debug)
  await migrating.said('002_slow (1 of 1)')
  // From then on its session says at which revision it is.
  await heldUp(project)
  const waiting = project.start(words)
  const late = project.run(words, { LOCK_WAIT_TIMEOUT: '1s' })
  await waiting.said('for the migration lock, held by replica-1, at 002_slow, since ')
  const end = async (running: Running) => {
    running.kill(signal)
    return running.ended()
  }
  return { late: await late, waiting: await end(waiting), migrating: await end(migrating) }
}

const whenMigrating = `SCHEMA_INTERRUPTED: Migrating was stopped on request. Its transaction was rolled back.

  database         app@db:5432/songs
  file             /songs/migrations/002_slow.js
  stayed applied   none of this run

Do one of:
  run it again   goes on where this one stopped`

const whenWaiting = `SCHEMA_INTERRUPTED: Waiting was stopped on request. Nothing was done.

Do one of:
  run it again   waits again`

const whenLate = `SCHEMA_LOCK_TIMEOUT: Another process has held the migration lock for 1 s. Nothing was done.

  holder   replica-1, at 002_slow, since then (user app, pid 1, from 10.0.0.1)

Do one of:
  run it again           when the other migration is done
  LOCK_WAIT_TIMEOUT=1h   waits longer`

/** The holder as it is in `whenLate`, and one second where the machine is slow too. */
const withoutHolder = (text: string) =>
  text
    .replace(
      /since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(user \w+, pid \d+, from [\d.]+\)/,
      'since then (user app, pid 1, from 10.0.0.1)',
    )
    .replace(/lock for \d+ s/, 'lock for 1 s')

const toStop = { '001_songs': songs, '002_slow': [plays, blocked] }

t.test('a service that is stopped while it migrates rolls back', async (t) => {
  const project = await createProject(t, toStop)
  await project.migrate('001_songs')
  const { late, waiting, migrating } = await stopped(project, 'serve', 'SIGTERM')
  const last = (ended: typeof late) => project.plain(logOf(ended).at(-1)?.msg ?? '')
  t.strictSame([late.exit, waiting.exit, migrating.exit], [9, 0, 0])
  t.equal(withoutHolder(last(late)), whenLate)
  t.equal(last(waiting), whenWaiting)
  t.equal(last(migrating), whenMigrating)
  t.strictSame(await recorded(project), ['001_songs'])
  t.strictSame((await ledger(project)).slice(2), ['002_slow started', '002_slow failed'])
  t.notOk((await project.objects()).includes('songs.plays integer'))
  await unlocked(project)
})

t.test('a command that is stopped while it migrates rolls back', async (t) => {
  const project = await createProject(t, toStop)
  await project.migrate('001_songs')
  const { late, waiting, migrating } = await stopped(project, 'migrate', 'SIGINT')
  const last = ({ stderr }: typeof late) => project.plain(stderr.slice(stderr.indexOf('SCHEMA_')).trim())
  t.strictSame([late.exit, waiting.exit, migrating.exit], [9, 1, 1])
  t.equal(withoutHolder(last(late)), whenLate)
  t.equal(last(waiting), whenWaiting)
  t.equal(last(migrating), whenMigrating)
  t.strictSame(await recorded(project), ['001_songs'])
  t.notOk((await project.objects()).includes('songs.plays integer'))
  await unlocked(project)
})

t.test('a command that is stopped between two statements does not run the next one to its end', async (t) => {
  const code = `export async function up(knex) {
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await knex.raw('select pg_sleep(90)')
  }`
  const project = await createProject(t, { '001_songs': songs }, { snapshot: false })
  await project.migrate()
  await project.write({ '002_sleepy': { code } })
  const running = project.start('migrate', { ...debug, ON_UNVERIFIED: 'warn' })
  await running.said('002_sleepy (1 of 1)')
  running.kill('SIGTERM')
  const asked = performance.now()
  const { exit, stderr } = await running.ended()
  t.match(stderr, 'SCHEMA_INTERRUPTED: Migrating was stopped on request. Its transaction was rolled back.')
  t.equal(exit, 1)
  t.ok(performance.now() - asked < 45_000)
  t.strictSame(await recorded(project), ['001_songs'])
  await unlocked(project)
})

t.test('a revision outside a transaction is finished before a stopped command ends', async (t) => {
  const slow = ['select pg_advisory_lock_shared(1)', 'create index concurrently songs_title on songs (title)']
  const project = await createProject(t, {
    '001_songs': songs,
    '002_index': { up: slow, transaction: false },
    '003_plays': plays,
  })
  const goOn = await project.block()
  const running = project.start('migrate', debug)
  await running.said('002_index (2 of 3)')
  running.kill('SIGTERM')
  await running.said('SIGTERM: finishing or rolling back')
  await goOn()
  const { exit, stderr } = await running.ended()
  t.equal(exit, 1)
  t.equal(
    project.plain(stderr.slice(stderr.indexOf('SCHEMA_'))),
    `SCHEMA_INTERRUPTED: Migrating was stopped on request. Its transaction was rolled back.

  database         app@db:5432/songs
  stayed applied   001_songs
                   002_index

Do one of:
  run it again   goes on where this one stopped
`,
  )
  t.strictSame(await recorded(project), ['001_songs', '002_index'])
  await unlocked(project)
})
