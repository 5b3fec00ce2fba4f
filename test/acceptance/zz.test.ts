import t from 'tap'
import { createProject } from '../support/project.js'
import { createDatabase, query } from '../support/database.js'
for (const transaction of [true, false])
t.test('x', async (t) => {
  const project = await createProject(t, { '001_songs': 'create table songs (id int)', '002_slow': { up: ['create table a (id int)', 'select pg_advisory_lock_shared(1)'], transaction } })
  await project.migrate('001_songs')
  const elsewhere = await createDatabase(t)
  await project.block()
  const running = project.start('migrate', { LOG_LEVEL: 'debug' })
  await running.said('002_slow (1 of 1)')
  await new Promise((r) => setTimeout(r, 500))
  await query(elsewhere, `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'schemagate replica%' and datname = '${new URL(project.url).pathname.slice(1)}'`)
  t.comment(await running.ended())
  t.comment(await project.query('select revision, event, error from schemagate_ledger'))
  t.comment(await project.run('migrate'))
})
