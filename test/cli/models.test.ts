import { readFileSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { openGate } from '../../src/index.js'
import { createLog } from '../../src/logging/log.js'
import { runHere, type Outcome } from '../support/command.js'
import type { Environment } from '../support/process.js'
import { createProject, type Migrations, type Project } from '../support/project.js'

const models = `create table songs (id int primary key, title text not null);
create index songs_title on songs (title);
`
const seeds = { 'songs.js': "export const seed = (knex) => knex('songs').insert({ id: 1, title: 'a' })\n" }
const createSongs = { '001_songs': 'create table songs (id int primary key, title text not null)' }
const indexSongs = { '002_index': 'create index songs_title on songs (title)' }

/** A project whose models are SQL. */
const createModelled = (t: Test, migrations: Migrations = {}): Promise<Project> =>
  createProject(t, migrations, {
    snapshot: Object.keys(migrations).length > 0,
    files: { 'schema.sql': models, seeds },
  })

const development = { NODE_ENV: 'development' }
const fromModels = { ...development, BUILD_FROM: 'models:schema.sql' }

const runIn = (project: Project, line: string, env: Environment = fromModels): Promise<Outcome> =>
  runHere(project, line, { env })

const writeModels = (project: Project, sql: string): Promise<void> =>
  writeFile(join(project.root, 'schema.sql'), sql)

/** What a run added. */
const addedBy = ({ events }: Outcome): readonly string[] =>
  events.flatMap((progress) => (progress.event === 'model added' ? [progress.sql] : []))

const built = 'The database is built from models:schema.sql, not from migrations.'

t.test('each start adds what the models have and the database lacks', async (t) => {
  const project = await createModelled(t)
  const before = await runIn(project, 'check')
  t.equal(before.exit, 3, 'nothing is there yet')
  t.match(before.text, 'SCHEMA_BEHIND: the database lacks 5 objects of models:schema.sql.')
  const first = await runIn(project, 'serve', { ...fromModels, SEED_ON_START: '1' })
  t.equal(first.exit, 0, first.text)
  t.strictSame(addedBy(first), [
    'CREATE TABLE public.songs (\n  id integer NOT NULL,\n  title text NOT NULL\n)',
    'ALTER TABLE public.songs ADD CONSTRAINT songs_pkey PRIMARY KEY (id)',
    'CREATE INDEX songs_title ON public.songs USING btree (title)',
  ])
  const revision = { current: null, head: null, position: 'unmanaged', models: 'models:schema.sql' }
  t.match(first.document, { status: 'pass', notes: [built], revision })
  t.strictSame(await project.query('select * from songs'), [{ id: 1, title: 'a' }], 'seeded')
  t.strictSame(addedBy(await runIn(project, 'serve')), [], 'nothing twice')
  t.match(await runIn(project, 'check'), { exit: 0, text: `note: ${built}`, document: { revision } })
  t.match((await runIn(project, 'status')).text, /^built from +models:schema.sql, not from migrations$/m)
  t.notMatch((await runIn(project, 'status')).text, /^(?:current|head|applied) /m)
  t.match((await runIn(project, 'verify')).text, / built from models:schema.sql\n\nverified .*: as promised/)
  t.match((await runIn(project, 'migrate')).text, /is built from models:schema.sql, .* Added: 0 statements\./)
  t.match(await runIn(project, 'migrate --to 001'), { exit: 2, document: { code: 'SCHEMA_USAGE' } })
  t.match((await runIn(project, 'history')).text, /built .* CREATE TABLE public\.songs/)
  const unset = await runIn(project, 'status', development)
  t.match(unset.document, { code: 'SCHEMA_MIGRATIONS_EMPTY' })
})

t.test('what would change or drop something is listed, and left', async (t) => {
  const project = await createModelled(t)
  await runIn(project, 'migrate')
  await writeModels(project, 'create table songs (id bigint primary key, year int default 1)')
  const started = await runIn(project, 'serve')
  t.equal(started.exit, 0, started.text)
  t.strictSame(addedBy(started), ['ALTER TABLE public.songs ADD COLUMN year integer DEFAULT 1'])
  const left =
    'The database differs from models:schema.sql in 3 objects, which a start neither changes nor drops: column:public.songs.id changed, column:public.songs.title unexpected, index:public.songs.songs_title unexpected. schemagate new NAME --from models:schema.sql drafts the migration; schemagate reset builds the database again.'
  t.match(started.document, { status: 'warn', notes: [left, built] })
  t.match((await runIn(project, 'status')).text, left)
  t.equal((await runIn(project, 'check')).exit, 0)
  const drafted = await runIn(project, 'new songs --from models:schema.sql')
  t.equal(drafted.exit, 0, drafted.text)
})

t.test('what the rows do not allow is refused, and nothing of it is there', async (t) => {
  const project = await createModelled(t)
  await runIn(project, 'migrate')
  await project.query(`insert into songs values (1, 'secret'), (2, 'secret')`)
  await writeModels(project, `${models} create table other (id int); alter table songs add unique (title);`)
  const refused = await runIn(project, 'migrate')
  t.match(refused, { exit: 7, document: { code: 'SCHEMA_MODELS_REFUSED' } })
  t.match(refused.text, /ADD CONSTRAINT songs_title_key UNIQUE/)
  t.notMatch(refused.text, 'secret')
  t.strictSame(await project.query("select to_regclass('other') as found"), [{ found: null }])
})

t.test('processes that start at once add everything once', async (t) => {
  const project = await createModelled(t)
  const started = await Promise.all([1, 2, 3].map(() => runIn(project, 'migrate')))
  t.strictSame(
    started.map(({ exit }) => exit),
    [0, 0, 0],
    started.map(({ text }) => text).join('\n'),
  )
  t.strictSame(await project.query("select count(*)::int from schemagate_ledger where event = 'built'"), [
    { count: 1 },
  ])
})

t.test('models are for databases of their own, in development and test', async (t) => {
  const project = await createModelled(t, createSongs)
  const inProduction = await runIn(project, 'migrate', { ...fromModels, NODE_ENV: 'production' })
  t.match(inProduction, { exit: 2, document: { code: 'SCHEMA_CONFIG_INVALID' } })
  t.match(inProduction.text, /BUILD_FROM .*NODE_ENV is production/)
  await project.query('create table others (id int)')
  const others = await runIn(project, 'serve')
  t.match(others, { exit: 6, document: { code: 'SCHEMA_UNMANAGED' } }, 'tables that nobody recorded')
  await project.query('drop table others')
  t.equal((await runIn(project, 'migrate', development)).exit, 0)
  const migrated = await runIn(project, 'serve')
  t.match(migrated, { exit: 6, document: { code: 'SCHEMA_BUILT_FROM_MIGRATIONS' } })
  t.match(migrated.text, 'BUILD_FROM=migrations')
  await writeModels(project, 'create tabel songs ()')
  t.match(await runIn(project, 'status'), { exit: 2, document: { code: 'SCHEMA_SOURCE_INVALID' } })
})

t.test('a library gets it by its settings, and Knex code builds models too', async (t) => {
  const read = readFileSync(new URL('../../docs/example/models.js', import.meta.url), 'utf8')
  const project = await createProject(t, {}, { snapshot: false, files: { 'models.js': read } })
  const gate = await openGate({
    root: project.root,
    env: { ...project.env, ...development },
    settings: { BUILD_FROM: 'models:models.js' },
    log: createLog('silent', 'json', process.stderr),
  })
  const { notes } = gate.health.view().documents.full
  await gate.close()
  t.strictSame(notes, ['The database is built from models:models.js, not from migrations.'])
  t.strictSame(await project.query('select count(*)::int from likes'), [{ count: 0 }])
})

t.test('an empty database is built from the snapshot, and migrated from then on', async (t) => {
  const project = await createModelled(t, { ...createSongs, '002_rows': `insert into songs values (1, 'a')` })
  const env = { BUILD_FROM: 'snapshot' }
  t.match((await runIn(project, 'status', env)).text, 'built from the snapshot, and 2 revisions recorded')
  const first = await runIn(project, 'migrate', env)
  t.match(first.text, /is current, at 002_rows\. Built from the snapshot: 1 statement\. Applied: 0\./)
  t.match(
    first.events.flatMap((progress) => (progress.event === 'note' ? [progress.text] : [])),
    [/the rows that a migration writes are missing: 002_rows/],
  )
  await project.rebuild({ '003_index': indexSongs['002_index'] })
  t.match((await runIn(project, 'migrate', env)).document, { applied: ['003_index'] })
  const unpromised = await createModelled(t, createSongs)
  await rm(join(unpromised.root, 'migrations/schema.snapshot.json'))
  const without = await runIn(unpromised, 'migrate', { ...env, ON_UNVERIFIED: 'warn' })
  t.match(without.document, { code: 'SCHEMA_SNAPSHOT_STALE' })
})

t.test('migrations and models are proven equal', async (t) => {
  const project = await createModelled(t, createSongs)
  const check = 'snapshot --check --models schema.sql'
  const different = await runIn(project, check, development)
  t.equal(different.exit, 4)
  t.match(
    different.text,
    /The migrations do not lead to what models:schema\.sql builds: 1 difference\.\n\n {2}missing index:public\.songs\.songs_title\n[^]*\n\nschemagate new NAME --from models:schema\.sql drafts the migration that leads there\.$/,
  )
  await project.rebuild(indexSongs)
  const equal = await runIn(project, check, development)
  t.equal(equal.exit, 0, equal.text)
  t.match(equal.text, /\n\nThe migrations and models:schema\.sql lead to the same catalog\.$/)
  t.match(await runIn(project, 'snapshot --models schema.sql', development), {
    exit: 2,
    document: { code: 'SCHEMA_USAGE' },
  })
})

t.test('a database moves from models to migrations', async (t) => {
  const project = await createModelled(t)
  await runIn(project, 'migrate')
  for (const line of [
    'new create_songs --from models:schema.sql',
    'snapshot',
    'snapshot --check --models schema.sql',
  ]) {
    const ran = await runIn(project, line)
    t.equal(ran.exit, 0, ran.text)
  }
  const [file = ''] = await readdir(join(project.root, 'migrations'))
  const refused = await runIn(project, 'migrate', development)
  t.match(refused.document, { code: 'SCHEMA_UNMANAGED' })
  t.match(refused.text, /BUILD_FROM=models:FILE +goes on with it/)
  const stamped = await runIn(project, `stamp ${file.replace('.js', '')} --yes`, development)
  t.equal(stamped.exit, 0, stamped.text)
  t.match((await runIn(project, 'migrate', development)).text, 'is current')
})

t.test('a database of development is dropped and built again', async (t) => {
  const project = await createModelled(t, createSongs)
  const env = { ...development, SEED_ON_START: '1' }
  const name = new URL(project.url).pathname.slice(1)
  const reset = (more: string, environment: Environment = env): Promise<Outcome> =>
    runIn(project, `reset${more}`, environment)
  t.equal((await reset('')).exit, 0, 'an empty database has nothing to lose')
  await project.query(`insert into songs values (2, 'b'); create schema x; create table x.y (id int)`)
  for (const [more, environment, code, told] of [
    ['', env, 'SCHEMA_NOT_CONFIRMED', `--yes ${name}`],
    [' --yes other', env, 'SCHEMA_NOT_CONFIRMED', '"other" is not the name of the database'],
    [` --yes ${name}`, { ...env, ENV_TARGET: 'staging' }, 'SCHEMA_RESET_REFUSED', 'environment is "staging"'],
    [` --yes ${name}`, { NODE_ENV: 'production' }, 'SCHEMA_RESET_REFUSED', 'NODE_ENV is production'],
    [` --yes ${name}`, { ...env, SERVICE_NAME: 'others' }, 'SCHEMA_WRONG_DATABASE', 'service "songs"'],
  ] as const) {
    const refused = await reset(more, environment)
    t.match(refused.document, { code }, refused.text)
    t.match(refused.text, told)
  }
  const psql = new pg.Client({ connectionString: project.url, application_name: 'psql' })
  psql.on('error', () => {})
  await psql.connect()
  const busy = await reset(` --yes ${name}`)
  t.match(busy.document, { code: 'SCHEMA_RESET_REFUSED' })
  t.match(busy.text, /sessions +psql of \w+, pid \d+, idle/)
  t.strictSame(await project.query('select count(*)::int from songs'), [{ count: 2 }], 'nothing is lost')
  const ended = await reset(` --yes ${name} --end-sessions`)
  t.equal(ended.exit, 0, ended.text)
  t.match(ended.said, /environment development[^]*schema:x/)
  t.strictSame(await project.query('select * from songs'), [{ id: 1, title: 'a' }])
  t.strictSame(await project.query("select to_regclass('x.y') as found"), [{ found: null }])
  const typed = await runHere(project, 'reset', {
    env: { ...env, BUILD_FROM: 'models:schema.sql' },
    ask: async () => ` ${name}\n`,
  })
  t.equal(typed.exit, 0, typed.text)
  t.match(typed.text, /dropped, built again from models:schema\.sql in /)
  t.strictSame(await project.query("select to_regclass('songs_title')::text as found"), [
    { found: 'songs_title' },
  ])
})

t.test('a reset that stops says what is left', async (t) => {
  const project = await createModelled(t, createSongs)
  const reset = (env: Environment = {}): Promise<Outcome> =>
    runIn(project, `reset --yes ${new URL(project.url).pathname.slice(1)}`, { ...development, ...env })
  await runIn(project, 'migrate', development)
  await project.write({ '002_fails': 'select 1 / 0' })
  const early = await reset()
  t.match(early.document, { code: 'SCHEMA_MIGRATION_FAILED' }, 'found in the scratch database')
  t.strictSame(await project.query('select * from songs'), [], 'nothing was dropped')
  await project.write({ '002_fails': null })
  await writeFile(join(project.root, 'seeds/z.js'), "export const seed = () => { throw new Error('no') }")
  const late = await reset({ SEED_ON_START: '1' })
  t.match(late.text, 'The database was emptied before: what it held is gone')
  t.match(late.text, /schemagate reset +empties and builds it again/)
  await project.query('drop schema public cascade; create schema public; create table others (id int)')
  const unknown = await reset()
  t.match(unknown.document, { code: 'SCHEMA_RESET_REFUSED' })
  t.match(unknown.text, 'nothing in it says whose it is')
  t.strictSame(await project.query('select * from others'), [])
})
