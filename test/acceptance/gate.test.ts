import t from 'tap'
import { createProject, type Migrations, type Project, type ProjectOptions } from '../support/project.js'
import { eventually, ask, type Environment } from '../support/process.js'
t.jobs = 3

const songs = { up: 'create table songs (id int primary key, title text not null)', down: 'drop table songs' }
const plays = { up: 'alter table songs add column plays int not null default 0', down: 'alter table songs drop column plays' }
const base: Migrations = { '001_songs': songs, '002_plays': plays }

interface Case {
  name: string
  migrations?: Migrations
  options?: ProjectOptions
  arrange?: (p: Project) => Promise<unknown>
  env?: Environment
  exit?: number
}
const cases: Case[] = [
  { name: 'empty refuse', env: { ON_BEHIND: 'refuse' }, exit: 3 },
  { name: 'behind refuse', arrange: (p) => p.migrate('001_songs'), env: { ON_BEHIND: 'refuse' }, exit: 3 },
  { name: 'behind warn', arrange: (p) => p.migrate('001_songs'), env: { ON_BEHIND: 'warn' } },
  { name: 'unmanaged', arrange: (p) => p.query('create table other (id int)'), exit: 6 },
  { name: 'ahead additive', arrange: async (p) => { await p.migrate(); await p.change({ '002_plays': null }) } },
  { name: 'ahead breaking', migrations: { '001_songs': songs, '002_drop': 'alter table songs drop column title' }, arrange: async (p) => { await p.migrate(); await p.change({ '002_drop': null }) }, exit: 5 },
  { name: 'diverged', arrange: async (p) => { await p.migrate(); await p.change({ '002_plays': null, '002_likes': 'create table likes (id int)' }) }, exit: 5 },
  { name: 'foreign', arrange: async (p) => { await p.migrate(); await p.change({ '001_songs': null, '002_plays': null, '001_other': 'create table other (id int)' }) }, exit: 6 },
  { name: 'ledger elsewhere', arrange: async (p) => { await p.query('create schema music; create table music.knex_migrations (id int, name text, batch int, migration_time timestamptz)') }, exit: 6 },
  { name: 'empty folder', migrations: {}, options: { snapshot: false }, exit: 2 },
  { name: 'faults', env: { PORT: 'x', ON_DRIFT: 'ignore', HEALTH_PORT: '99999', VERIFY_INTERVAL: 'often', DATABASE_URL: 'mysql://a:b@c/d' }, exit: 2 },
  { name: 'stale', arrange: (p) => p.migrate(), env: {}, exit: 4 },
  { name: 'drift', arrange: async (p) => { await p.migrate(); await p.query('alter table songs drop column title') }, exit: 4 },
  { name: 'drift warn', arrange: async (p) => { await p.migrate(); await p.query('alter table songs drop column title') }, env: { ON_DRIFT: 'warn' } },
]
for (const c of cases) t.test(c.name, async (t) => {
  const p = await createProject(t, c.migrations ?? base, c.options)
  await c.arrange?.(p)
  const s = p.start('serve', c.env)
  if (c.exit !== undefined) {
    const e = await s.ended()
    t.equal(e.exit, c.exit)
    t.comment(p.plain(e.stdout + e.stderr).replaceAll('\\n', '\n'))
  } else {
    await s.said('listening')
    t.comment(p.plain(s.stdout()))
    const address = s.log().find((x) => x.event === 'listening')?.address
    t.comment((await ask(address + '/health/schema')).text)
  }
})
