import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isRecord } from '../../src/core/text/is-record.js'
import { type Called, runHere } from '../support/command.js'
import { createDatabase, query } from '../support/database.js'
import { createProject, type Migrations } from '../support/project.js'

const migrations: Migrations = {
  '001_songs': ['create table songs (id int, title text)', `insert into songs values (1, 'Ode')`],
  '002_moods': ['create table moods (id int)', 'insert into moods values (1)', 'create table plays (id int)'],
  '003_no_plays': ['update plays set id = id + 1', 'delete from plays'],
  '004_parts': [
    'create table parts (id int) partition by range (id)',
    'create table parts_1 partition of parts for values from (1) to (9)',
    'insert into parts_1 values (1)',
  ],
  '005_plays': { up: 'insert into plays values (1)', transaction: false },
  '006_titles': `update songs set title = 'Ode to Joy'`,
  '007_no_moods': 'drop table moods',
  '008_tracks': 'alter table songs rename to tracks',
  '009_empty': 'create table likes (id int)',
  '010_settings': [
    'create table settings (id int) ',
    'alter table settings enable row level security, force row level security',
  ],
}

const rowsOf = ({ document }: Called): unknown => (isRecord(document) ? document['rows'] : document)

const written = [
  { revision: '001_songs', tables: ['public.songs'] },
  { revision: '004_parts', tables: ['public.parts'] },
  { revision: '005_plays', tables: ['public.plays'] },
  { revision: '006_titles', tables: ['public.songs'] },
]

t.test('init and stamp say which revisions write rows, and where', async (t) => {
  const project = await createProject(t, migrations)
  const made = await runHere(project, 'init')
  t.strictSame(rowsOf(made), written)
  t.match(made.text, /rows that they write are missing:\n {2}001_songs {2}public\.songs\n/)
  t.notMatch(made.text, /003_no_plays|002_moods/)
  const other = await createDatabase(t)
  await runHere(project, 'migrate', { env: { DATABASE_URL: other } })
  const forget = 'drop table knex_migrations, knex_migrations_lock, schemagate_ledger'
  await query(other, forget)
  const stamped = await runHere(project, 'stamp 010_settings', {
    env: { DATABASE_URL: other },
    ask: async () => 'production',
  })
  t.equal(stamped.exit, 0, stamped.text)
  t.strictSame(rowsOf(stamped), written)
})

t.test('a snapshot of an earlier version does not say it', async (t) => {
  const project = await createProject(t, migrations)
  const file = 'migrations/schema.snapshot.json'
  const text = await project.read(file)
  await writeFile(join(project.root, file), text.replaceAll(/,\n *"rows": \[.*\]/g, ''))
  t.strictSame(
    rowsOf(await runHere(project, 'init')),
    ['003_no_plays', '005_plays', '006_titles'].map((revision) => ({ revision, tables: null })),
  )
  t.match(await runHere(project, 'snapshot --check'), { exit: 0 })
})
