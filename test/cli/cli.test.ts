import t from 'tap'
import { createDatabase } from '../support/database.js'
import { createProject } from '../support/project.js'
t.jobs = 3
const songs = { up: 'create table songs (id int primary key, title text not null)', down: 'drop table songs' }
const plays = { up: 'alter table songs add column plays int', down: 'alter table songs drop column plays' }
const likes = { up: 'create table likes (id int)', down: 'drop table likes' }
const all = { '001_songs': songs, '002_plays': plays, '003_likes': likes }
t.test('usage', async (t) => {
  const project = await createProject(t, all, { snapshot: false })
  for (const w of ['', 'serv', '--nonsense', 'migrate --nonsense', 'migrate now', 'new', 'new a b', 'migrate --to', 'check --wait --timeout soon', 'serve --nonsense', 'status --json --foo', '--version', 'migrate --to 009_no', 'down --to 009_no'])
    t.comment(w, await project.run(w))
})
t.test('config', async (t) => {
  const project = await createProject(t, all, { snapshot: false })
  t.comment(await project.run('status', { PORT: 'x', ON_DRIFT: 'ignore', HEALTH_PORT: '99999', DATABASE_URL: 'mysql://app:very-secret@c/d' }))
  const { DATABASE_URL: _, ...env } = project.env
  t.comment((await project.run('config', { HEALTH_TOKEN: 'secret' })).stdout)
  t.comment((await project.run('config --json', { HEALTH_TOKEN: 'secret' })).stdout)
})
t.test('down up', async (t) => {
  const project = await createProject(t, all)
  for (const w of ['migrate --to 002_plays', 'migrate --json', 'down --json', 'down --to 001_songs', 'status', 'status --json', 'verify --json', 'check --json', 'new --json --ts likes', 'new --js Some_thing', 'new Other', 'snapshot --json', 'snapshot --check --json'])
    t.comment(w, await project.run(w))
})
t.test('snap', async (t) => {
  const project = await createProject(t, all)
  t.comment(await project.run('snapshot --check'))
  await project.write({ '002_plays': { up: 'alter table songs add column plays bigint' } })
  t.comment(await project.run('snapshot --check'))
  t.comment(await project.run('snapshot --check --json'))
  t.comment(await project.run('snapshot'))
  await project.migrate()
  await project.query('alter table songs drop column title; alter table songs alter plays type int; create index i on songs (plays)')
  t.comment(await project.run('verify'))
})
t.test('status all', async (t) => {
  const other = await createDatabase(t)
  const project = await createProject(t, all, {files: { config: { 'demo.json': '{}', 'staging.json': JSON.stringify({DATABASE_URL: 'postgres://x:hidden-7@127.0.0.1:1/shop'}), 'production.json': '{}' }}})
  await project.migrate()
  const env = { DATABASE_URL_DEMO: other }
  t.comment(await project.run('status --all', env))
  t.comment(await project.run('status --all --json', env))
})
