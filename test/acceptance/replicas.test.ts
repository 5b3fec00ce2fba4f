import t from 'tap'
import { eventually } from '../support/process.js'
import { createProject, type Project } from '../support/project.js'

t.jobs = 2

const songs = 'create table songs (id int primary key, title text not null)'
const ledger = async ({ query }: Project) =>
  (await query('select revision, event from schemagate_ledger order by id')).map((row) => Object.values(row).join(' '))
const locks = ({ query }: Project) =>
  query(`select (select coalesce(sum(is_locked), 0) from knex_migrations_lock)::int as rows,
    (select count(*) from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database()))::int as advisory`)
const free = [{ rows: 0, advisory: 0 }]

t.test('eight serve', async (t) => {
  const project = await createProject(t, { '001_songs': [songs, 'select pg_sleep(0.5)'], '002_plays': 'alter table songs add column plays int' })
  const services = await Promise.all(Array.from({ length: 8 }, () => project.serve()))
  t.comment(await ledger(project), await locks(project))
  t.comment(services.map((s) => s.log().map((e) => e['event'] + ' ' + e.msg.slice(0, 100)).join('\n')).join('\n\n'))
})
t.test('eight migrate', async (t) => {
  const project = await createProject(t, { '001_songs': songs, '002_index': { up: ['select pg_sleep(0.5)', 'create index concurrently songs_title on songs (title)'], transaction: false }, '003_plays': 'alter table songs add column plays int' })
  const ended = await Promise.all(Array.from({ length: 8 }, () => project.run('migrate')))
  t.comment(await ledger(project), await locks(project))
  t.comment(ended.map((e) => e.exit), ended.map((e) => e.stderr + e.stdout).join('\n\n'))
})
t.test('kill transactional', async (t) => {
  const project = await createProject(t, { '001_songs': songs, '002_slow': ['alter table songs add column plays int', 'select pg_advisory_xact_lock(1)'] })
  const goOn = await project.block()
  const killed = project.start('serve', { LOG_LEVEL: 'debug' })
  await killed.said('002_slow (2 of 2)')
  killed.kill('SIGKILL')
  t.comment(await killed.ended())
  const next = project.start('serve', { LOG_LEVEL: 'debug' })
  await next.said('listening').catch(() => {})
  await goOn()
  await next.said('listening')
  t.comment(next.stdout())
  t.comment(await ledger(project), await locks(project))
})
t.test('kill non-transactional', async (t) => {
  const project = await createProject(t, { '001_songs': songs, '002_half': { up: ['create table plays (id int)', 'select pg_advisory_lock_shared(1)', 'create table likes (id int)'], transaction: false } })
  const goOn = await project.block()
  const killed = project.start('serve', { LOG_LEVEL: 'debug' })
  await killed.said('002_half (2 of 2)')
  await eventually('plays', { look: async () => (await project.objects()).includes('plays.id integer') })
  killed.kill('SIGKILL')
  await killed.ended()
  await goOn()
  t.comment(await locks(project))
  const next = await project.run('serve', { LOG_LEVEL: 'debug' })
  t.comment(next.stdout)
  t.comment(await ledger(project), await locks(project))
  await project.query('drop table plays')
  const again = await project.run('migrate')
  t.comment(again, await ledger(project), await locks(project))
})
for (const words of ['serve', 'migrate'])
t.test('sigterm', async (t) => {
  const project = await createProject(t, { '001_songs': songs, '002_slow': ['alter table songs add column plays int', 'select pg_advisory_xact_lock(1)'] })
  await project.block()
  const stopped = project.start(words, { LOG_LEVEL: 'debug' })
  await stopped.said('002_slow (2 of 2)')
  const waiting = project.start(words, { LOG_LEVEL: 'debug' })
  const late = project.run(words, { LOCK_WAIT_TIMEOUT: '1s' })
  await waiting.said('for the migration lock')
  t.comment(await late)
  waiting.kill('SIGTERM')
  t.comment(await waiting.ended())
  stopped.kill('SIGTERM')
  t.comment(await stopped.ended())
  t.comment(await ledger(project), await locks(project))
})
