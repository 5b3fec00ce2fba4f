import t from 'tap'
import { call } from '../support/command.js'
import { createProject, type Migrations } from '../support/project.js'

const songs: Migrations = { '001_songs': 'create table songs (id int primary key, title text)' }

/** What `migrate` of the older build says of a database that the newer one migrated by this revision. */
const cases: readonly (readonly [name: string, newer: string, exit: number, says: RegExp])[] = [
  [
    'an addition',
    'create table plays (id int); create index on songs (title)',
    0,
    /1 revision ahead of this build; nothing known breaks it\. Newer: 002_newer\. New to this build: [^]*table:public\.plays/,
  ],
  [
    'a removal',
    'alter table songs drop column title',
    5,
    /^SCHEMA_AHEAD: the database is 1 revision ahead of this build, and what changed breaks it\.[^]*missing column:public\.songs\.title/,
  ],
]

for (const [name, newer, exit, says] of cases)
  t.test(`${name} by a newer build`, async (t) => {
    const project = await createProject(t, { ...songs, '002_newer': newer })
    await project.migrate()
    await project.rebuild({ '002_newer': null })
    const { exit: code, text, events } = await call(['migrate'], { root: project.root, env: project.env })
    const lines = events.flatMap((event) => (event.event === 'decided' ? event.lines : []))
    t.equal(code, exit, text)
    t.match(exit === 0 ? lines.join('\n') : text, says)
  })

t.test('a revision that finds something else is not recorded, and says what differs', async (t) => {
  const project = await createProject(t, {
    ...songs,
    '002_plays': 'create table if not exists plays (id int, at date)',
  })
  await project.migrate('001_songs')
  await project.query('create table plays (id text)')
  const { exit, text } = await call(['migrate'], { root: project.root, env: project.env })
  t.equal(exit, 7)
  t.match(
    text,
    /^SCHEMA_PROMISE_BROKEN: 002_plays ran without an error, but did not do what it promised\. Its transaction was rolled back/,
  )
  t.match(text, /missing column:public\.plays\.at/)
  t.strictSame(await project.query('select name from knex_migrations'), [{ name: '001_songs.js' }])
})
