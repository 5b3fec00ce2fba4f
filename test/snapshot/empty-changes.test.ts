import t, { type Test } from 'tap'
import { runHere } from '../support/command.js'
import { createProject, type MigrationData, type Project } from '../support/project.js'

t.jobs = 2

const songs = 'create table songs (id int primary key, title text)'
const development = { NODE_ENV: 'development' }

/** Code of an `up` that says what it changes. */
const declared = (changes: string, up: string): MigrationData => ({
  code: `export const config = { changes: ${changes} }\nexport const up = ${up}\n`,
})

/** New revisions that promise nothing, each with what is said of it. */
const stopped: Readonly<Record<string, readonly [MigrationData, string]>> = {
  'a wrong name in IF EXISTS': ['alter table if exists songz add wanted text', 'ran ALTER TABLE'],
  'DROP IF EXISTS of nothing': ['drop index if exists songs_titel', 'ran DROP INDEX'],
  'IF NOT EXISTS of what an earlier one made': [
    'create table if not exists songs (id int, plays int)',
    'ran CREATE TABLE',
  ],
  'IF NOT EXISTS in CREATE TABLE AS': [
    'create table if not exists songs as select 1 as id',
    'ran CREATE TABLE AS',
  ],
  'a column that is there': ['alter table songs add column if not exists title text', 'ran ALTER TABLE'],
  'a schema that every database has': ['create schema if not exists public', 'ran CREATE SCHEMA'],
  'a condition that is false on scratch too': [
    {
      code: `export const up = async (knex) => {
        if (await knex.schema.hasTable('songz')) await knex.schema.alterTable('songz', (table) => table.text('wanted'))
      }`,
    },
    'ran only SELECT',
  ],
  'a condition in a DO block': [
    `do $$ begin if exists (select from pg_tables where tablename = 'songz') then alter table songz add wanted text; end if; end $$`,
    'ran only DO',
  ],
  'IF NOT EXISTS in a DO block beside rows': [
    `do $$ begin update songs set title = ''; create index if not exists songs_pkey on songs (id); end $$`,
    'skipped what it was to change',
  ],
  'DDL beside rows': [['update songs set title = null', 'drop view if exists hits'], 'ran DROP VIEW'],
  'create and drop again': [
    'create table passing (id int); drop table passing',
    'ran CREATE TABLE, DROP TABLE',
  ],
  'a role that is not there': ['drop role if exists "no such role"', 'skipped what it was to change'],
  'no statement': [{ code: 'export const up = async () => {}' }, 'ran no statement'],
  'outside a transaction': [
    { up: 'create index concurrently if not exists songs_pkey on songs (id)', transaction: false },
    'ran CREATE INDEX',
  ],
}

/** New revisions without a change of the catalog that are taken as they are. */
const taken: Readonly<Record<string, MigrationData>> = {
  'rows are written': `insert into songs values (1, 'Ode')`,
  'no row matches': `update songs set title = 'Ode' where id = 7`,
  'rows by a DO block': `do $$ begin delete from songs where id = 7; end $$`,
  'rows by a function': `select setval('numbers', 7)`,
  'rows outside a transaction': { up: 'delete from songs', transaction: false },
  'rows with a function of its own': [
    `create function ode() returns text language sql as $$ select 'Ode' $$`,
    'update songs set title = ode()',
    'drop function ode()',
  ],
  'rows through a table of its own': [
    'create table passing as select id from songs',
    'delete from songs where id in (select id from passing)',
    'drop table passing',
  ],
  maintenance: 'analyze songs',
  'it says rows': declared(
    `'rows'`,
    `(knex) => knex.raw('alter table songs disable trigger all; alter table songs enable trigger all')`,
  ),
  'it says none': declared(`'none'`, `async () => {}`),
}

/** Each case with a file of its own: a module is loaded once in a process. */
const numbered = (cases: Readonly<Record<string, unknown>>) =>
  Object.keys(cases).map((name, index) => [name, `003_case${index}`] as const)

async function begun(t: Test): Promise<Project> {
  return createProject(t, { '001_songs': songs, '002_numbers': 'create sequence numbers' })
}

t.test('a new revision that promises nothing and does not say so stops the snapshot', async (t) => {
  const project = await begun(t)
  const before = await project.read('migrations/schema.snapshot.json')
  for (const [name, revision] of numbered(stopped)) {
    const [migration, because] = stopped[name] ?? ['', '']
    await project.write({ [revision]: migration })
    const { exit, text } = await runHere(project, 'snapshot', { env: development })
    t.equal(exit, 7, name)
    t.match(
      text,
      `SCHEMA_PROMISE_EMPTY: ${revision} ${because} and changed nothing in the catalog. A snapshot would promise nothing of it, and every check would pass. None was written.`,
      name,
    )
    await project.write({ [revision]: null })
  }
  t.equal(await project.read('migrations/schema.snapshot.json'), before)
})

t.test('work on rows, and what says so, passes', async (t) => {
  const project = await begun(t)
  for (const [name, revision] of numbered(taken)) {
    await project.write({ [revision]: taken[name] ?? '' })
    t.match(
      await runHere(project, 'snapshot', { env: development }),
      { exit: 0, document: { empty: [] } },
      name,
    )
    t.match(await runHere(project, 'snapshot --check', { env: development }), { exit: 0 }, name)
    await project.rebuild({ [revision]: null })
  }
})

t.test('the whole error names the file, what it ran and what PostgreSQL noticed', async (t) => {
  const project = await begun(t)
  await project.write({ '003_wanted': 'alter table if exists songz add wanted text' })
  const { text, events } = await runHere(project, 'snapshot', { env: development })
  t.equal(
    project.plain(text),
    `SCHEMA_PROMISE_EMPTY: 003_wanted ran ALTER TABLE and changed nothing in the catalog. A snapshot would promise nothing of it, and every check would pass. None was written.

  files        /songs/migrations/003_wanted.js
  003_wanted   ran ALTER TABLE
               relation "songz" does not exist, skipping

Do one of:
  correct the migration                       a wrong name in an IF EXISTS, IF NOT EXISTS or hasTable is the usual cause
  export const config = { changes: 'rows' }   in the migration says that it changes rows only
  export const config = { changes: 'none' }   in the migration says that it changes nothing
  schemagate snapshot --accept-empty          takes them as they are, for revisions applied long ago`,
  )
  t.strictSame(
    events.filter(({ event }) => event === 'notice'),
    [
      {
        event: 'notice',
        revision: '003_wanted',
        severity: 'NOTICE',
        message: 'relation "songz" does not exist, skipping',
        sqlstate: '00000',
      },
    ],
    'once, though it is replayed twice',
  )
  t.match(await runHere(project, 'migrate', { env: development }), {
    exit: 7,
    text: /^SCHEMA_PROMISE_EMPTY: 003_wanted /,
  })
  t.strictSame(await project.objects(), [], 'nothing was migrated')
})

t.test('a snapshot says what is new in it, and what PostgreSQL noticed', async (t) => {
  const project = await begun(t)
  await project.write({
    '003_wanted':
      'alter table if exists songz add x int; alter table songs add wanted text; create index songs_wanted on songs (wanted)',
  })
  const notices = [
    {
      revision: '003_wanted',
      severity: 'NOTICE',
      sqlstate: '00000',
      message: 'relation "songz" does not exist, skipping',
    },
  ]
  t.match(await runHere(project, 'snapshot', { env: development }), {
    exit: 0,
    document: {
      promised: [
        { revision: '003_wanted', changes: '+ column public.songs.wanted, index public.songs.songs_wanted' },
      ],
      notices,
    },
  })
  const migrated = await runHere(project, 'migrate')
  t.match(migrated, { exit: 0, document: { notices } })
  t.match(
    await project.query(
      `select detail -> 'notices' as notices from schemagate_ledger where event = 'applied' order by id`,
    ),
    [
      { notices: null },
      { notices: null },
      { notices: ['NOTICE: relation "songz" does not exist, skipping'] },
    ],
  )
})

t.test('a loop of notices does not fill the ledger', async (t) => {
  const project = await createProject(t, {
    '001_songs': [
      songs,
      `do $$ begin for i in 1..100 loop raise notice '%', repeat('x', 1000); end loop; end $$`,
    ],
  })
  await project.migrate()
  const [row] =
    await project.query(`select jsonb_array_length(detail -> 'notices') as notices, length(detail::text) < 12000 as short
    from schemagate_ledger where event = 'applied'`)
  t.strictSame(row, { notices: 21, short: true })
})

t.test('what an empty revision may say is written as its module is', async (t) => {
  const project = await createProject(
    t,
    { '001_nothing': { code: 'exports.up = async () => {}' } },
    { snapshot: false, files: { 'package.json': '{ "name": "songs" }' } },
  )
  t.match(await runHere(project, 'snapshot', { env: development }), {
    exit: 7,
    text: /\n {2}exports\.config = { changes: 'none' } +in the migration says/,
  })
})

t.test(
  'what was applied before there was a snapshot is taken with a warning; what is new is not',
  async (t) => {
    const project = await createProject(
      t,
      {
        '001_songs': songs,
        '002_old': 'drop table if exists old',
        '003_also': { code: 'export const up = async () => {}' },
      },
      { snapshot: false },
    )
    t.match(await runHere(project, 'snapshot', { env: development }), {
      exit: 7,
      text: /^SCHEMA_PROMISE_EMPTY: 2 revisions changed nothing in the catalog\. [^]+ 002_old +ran DROP TABLE\n[^]+ 003_also +ran no statement\n/,
    })
    await project.migrate()
    const empty = ['002_old ran DROP TABLE', '003_also ran no statement']
    t.match(await runHere(project, 'snapshot', { env: development }), { exit: 0, document: { empty } })
    t.match(
      await runHere(project, 'snapshot', { env: development }),
      { exit: 0, document: { empty: [] } },
      'once',
    )
    t.match(await runHere(project, 'snapshot --check', { env: development }), { exit: 0 })
    await project.write({ '004_new': 'drop table if exists old' })
    t.match(await runHere(project, 'snapshot', { env: development }), {
      exit: 7,
      text: /004_new ran DROP TABLE/,
    })
    t.match(await runHere(project, 'snapshot --accept-empty', { env: development }), {
      exit: 0,
      document: { empty: ['004_new ran DROP TABLE'] },
    })
    await project.write({ '004_new': null, '005_renamed': 'drop table if exists old' })
    t.match(
      await runHere(project, 'snapshot', { env: development }),
      { exit: 0, document: { empty: [] } },
      'renamed',
    )
    await project.write({ '001_songs': 'create table "Songs" (id int); drop table "Songs"' })
    t.match(
      await project.run('snapshot', development),
      { exit: 7, stderr: /001_songs +ran CREATE TABLE, DROP TABLE/ },
      'edited to nothing',
    )
  },
)

t.test('a revision that says it changes no catalog, and does, is refused', async (t) => {
  const project = await begun(t)
  for (const changes of ['rows', 'none']) {
    const revision = `003_${changes}`
    await project.write({
      [revision]: declared(`'${changes}'`, `(knex) => knex.raw('create table plays (id int)')`),
    })
    t.match(await runHere(project, 'snapshot', { env: development }), {
      exit: 7,
      text: new RegExp(
        `^SCHEMA_PROMISE_BROKEN: .*${revision} says changes: '${changes}', but it changes the catalog\\.[^]+\\+ table public\\.plays`,
      ),
    })
    await project.write({ [revision]: null })
  }
  for (const [index, changes] of [`'row'`, '7', 'null', '[]'].entries()) {
    const revision = `003_bad${index}`
    await project.write({ [revision]: declared(changes, 'async () => {}') })
    t.match(await runHere(project, 'snapshot', { env: development }), {
      exit: 2,
      text: new RegExp(
        `^SCHEMA_MIGRATION_UNLOADABLE: .*${revision} has a config\\.changes that is neither 'rows' nor 'none': `,
      ),
    })
    await project.write({ [revision]: null })
  }
  await project.write({
    '003_default': { code: `export default { config: { changes: 'none' }, up: async () => {} }` },
  })
  t.match(await runHere(project, 'snapshot', { env: development }), { exit: 0 }, 'as a default export')
})

t.test('what is refused is replayed once', async (t) => {
  const code = 'export const up = async () => { globalThis.runs = (globalThis.runs ?? 0) + 1 }\n'
  const project = await createProject(t, { '001_songs': songs, '002_nothing': { code } }, { snapshot: false })
  t.teardown(() => Reflect.deleteProperty(globalThis, 'runs'))
  t.match(await runHere(project, 'snapshot'), { exit: 7 })
  t.equal(Reflect.get(globalThis, 'runs'), 1)
})
