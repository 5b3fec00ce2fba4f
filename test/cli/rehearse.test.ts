import t from 'tap'
import { runHere } from '../support/command.js'
import { createDatabase, query } from '../support/database.js'
import { createProject, type MigrationData } from '../support/project.js'

t.jobs = 2

const bands = 'create table bands (id integer primary key, name text)'

interface PromiseCase {
  /** The body of `verify`. */
  readonly verify: string
  readonly transaction?: boolean
  readonly exit: number
  /** What the text says. */
  readonly says: RegExp
  /** The rows that are there afterwards. */
  readonly rows: number
}

const promising = ({ verify, transaction = true }: PromiseCase): MigrationData => ({
  code: `export const config = { changes: 'rows', transaction: ${transaction} }
export const up = (knex) => knex('bands').insert({ id: 1, name: 'Low' })
export const down = (knex) => knex('bands').del()
export const verify = async (knex) => { ${verify} }\n`,
})

const rolledBack = 'Its transaction was rolled back: nothing changed, nothing was recorded\\.'
const stays = 'It runs outside a transaction: what it did stays, and it was not recorded\\.'
const untrue = 'its verify says that the rows are not what it promises\\.'
const unknown = 'its verify could not tell whether the rows are what it promises\\.'
const found = `const [row] = await knex('bands').where({ name: 'Low' })`

const promiseCases: Readonly<Record<string, PromiseCase>> = {
  'what it wrote': {
    verify: `${found}; if (row === undefined) throw new Error('no band')`,
    exit: 0,
    says: /^$/,
    rows: 1,
  },
  'the same outside a transaction': {
    verify: `${found}; return row !== undefined`,
    transaction: false,
    exit: 0,
    says: /^$/,
    rows: 1,
  },
  'a transaction of its own': {
    verify: `await knex.transaction((own) => own('bands').select()); return true`,
    exit: 0,
    says: /^$/,
    rows: 1,
  },
  false: {
    verify: `const [{ count }] = await knex('bands').count(); return Number(count) === 2`,
    exit: 7,
    says: new RegExp(
      `SCHEMA_ROWS_UNTRUE: 002_rows ran without an error, but ${untrue} ${rolledBack}[^]*verify +it returned false`,
    ),
    rows: 0,
  },
  'an error': {
    verify: `throw new Error('no band is called High')`,
    exit: 7,
    says: /verify +no band is called High\n {2}at +migrations\/002_rows\.js:4/,
    rows: 0,
  },
  'false outside a transaction': {
    verify: 'return false',
    transaction: false,
    exit: 7,
    says: new RegExp(`${untrue} ${stays}`),
    rows: 1,
  },
  'a write': {
    verify: `await knex('bands').insert({ id: 2 })`,
    exit: 7,
    says: /sqlstate +25006[^]*let verify only read/,
    rows: 0,
  },
  'a write outside a transaction': {
    verify: `await knex('bands').insert({ id: 2 })`,
    transaction: false,
    exit: 7,
    says: /sqlstate +25006/,
    rows: 1,
  },
  'a write after COMMIT': {
    verify: `await knex.raw('commit'); await knex('bands').insert({ id: 2 })`,
    exit: 7,
    says: /it ended the transaction it reads in/,
    rows: 1,
  },
  'a write after COMMIT outside a transaction': {
    verify: `await knex.raw('commit'); await knex('bands').insert({ id: 2 })`,
    transaction: false,
    exit: 7,
    says: /it ended the transaction it reads in/,
    rows: 1,
  },
  'a write after a rolled back savepoint': {
    verify: `await knex.raw('rollback to savepoint schemagate_rows'); await knex('bands').insert({ id: 2 })`,
    exit: 0,
    says: /^$/,
    rows: 1,
  },
  'an error that it hides': {
    verify: `await knex('nowhere').catch(() => {})`,
    exit: 7,
    says: new RegExp(`${unknown}[^]*it went on after a statement had failed`),
    rows: 0,
  },
  'a table that is not there': {
    verify: `await knex('nowhere')`,
    exit: 7,
    says: new RegExp(`${unknown}[^]*42P01`),
    rows: 0,
  },
  'the commit of its knex': {
    verify: 'await knex.commit()',
    exit: 7,
    says: /commit\(\) of the knex/,
    rows: 0,
  },
}

for (const [name, data] of Object.entries(promiseCases))
  t.test(`a promise about rows: ${name}`, async (t) => {
    const project = await createProject(t, { '001_bands': bands, '002_rows': promising(data) })
    const { exit, text } = await runHere(project, 'migrate', { env: { MIGRATION_TRANSACTION: 'each' } })
    t.equal(exit, data.exit, text)
    if (data.exit !== 0) t.match(project.plain(text), data.says)
    const [row] = await project.query('select count(*)::int as count from bands')
    t.equal(row?.['count'], data.rows)
    const [recorded] = await project.query('select count(*)::int as count from knex_migrations')
    t.equal(recorded?.['count'], data.exit === 0 ? 2 : 1)
    const [setting] = await project.query(
      `select count(*)::int as count from knex_migrations_lock where is_locked = 1`,
    )
    t.equal(setting?.['count'], 0)
  })

const hasLow = 'export const verify = async (knex) => (await knex("bands").where({ name: "Low" })).length > 0'
const rows = (verify: string): MigrationData => ({
  code: `export const config = { changes: 'rows' }
export const up = (knex) => knex('bands').insert({ id: 1, name: 'Low' })
export const down = (knex) => knex('bands').del()
${verify}\n`,
})

t.test('init asks a revision that only writes rows before it records it', async (t) => {
  const noNameless =
    'export const verify = async (knex) => (await knex("bands").whereNull("name")).length === 0'
  const lacking = await createProject(t, { '001_bands': bands, '002_rows': rows(hasLow) })
  const refused = await runHere(lacking, 'init')
  t.equal(refused.exit, 7)
  t.match(
    refused.text,
    /002_rows promises rows, and a database that is built from the snapshot has none\. .* nothing was built\.\n\n {2}revision {3}002_rows\n {2}verify {5}it returned false\n\nDo one of:\n {2}schemagate migrate/,
  )
  t.same(await lacking.objects(), [])
  const project = await createProject(t, { '001_bands': bands, '002_none': rows(noNameless) })
  const { text, document } = await runHere(project, 'init')
  t.match(text, /No row is missing, as their verify says, of: 002_none$/)
  t.match(document, { rows: [], rowsVerified: ['002_none'] })
})

t.test('stamp asks a revision that only writes rows before it records it', async (t) => {
  const project = await createProject(t, { '001_bands': bands, '002_rows': rows(hasLow) })
  await project.query(bands)
  const untrue = await runHere(project, 'stamp 002_rows')
  t.equal(untrue.exit, 4)
  t.match(
    untrue.text,
    /The rows are not what 1 revision up to 002_rows promised\. Nothing was recorded\.[^]*002_rows +it returned false/,
  )
  t.same(await project.query(`select to_regclass('knex_migrations') as ledger`), [{ ledger: null }])
  const forced = await runHere(project, 'stamp 002_rows --force --reason late --yes')
  t.match(
    forced.text,
    /Recorded although their verify did not find the rows:\n {2}002_rows: it returned false$/,
  )
  await project.query(`truncate knex_migrations; insert into bands values (1, 'Low')`)
  const stamped = await runHere(project, 'stamp 002_rows')
  t.match(stamped.text, /2 revisions recorded[^]*\nTheir verify found the rows of: 002_rows$/)
  t.match(stamped.document, { rows: [], rowsVerified: ['002_rows'], reason: null })
})

/** A migration that changes nothing, with this body of its `verify`. */
const asking = (body: string): MigrationData => ({
  code: `export const config = { changes: 'none' }\nexport const up = async () => {}
export const verify = async (knex) => { ${body} }\n`,
})

t.test('verify --data asks every applied revision for its rows', async (t) => {
  const project = await createProject(t, {
    '001_bands': bands,
    '002_slow': asking(`await knex.raw("select pg_sleep(3) from bands where name = 'Slow'")`),
    '003_rows': rows(hasLow),
    '004_old': asking(`await knex('bands').insert({ id: 9 })`),
    '005_lost': asking(`await knex('bands').select('lost')`),
  })
  await project.migrate('003_rows')
  const fine = await runHere(project, 'verify --data')
  t.equal(fine.exit, 0, fine.text)
  t.match(
    fine.text,
    /\n\nrows: 2 revisions asked, all are as promised\n {2}true {7}002_slow {2}\([^)]+\)\n {2}true {7}003_rows {2}\([^)]+\)$/,
  )
  await project.query(`update bands set name = 'Slow'`)
  t.equal((await runHere(project, 'verify')).exit, 0)
  const late = await runHere(project, 'verify --data --timeout 300ms')
  t.match(late.document, {
    rows: [
      { revision: '002_slow', status: 'unknown', said: [/statement timeout/] },
      { revision: '003_rows', status: 'unknown', said: ['it was not asked: the time was over'] },
    ],
  })
  await project.query(
    `delete from bands; insert into knex_migrations (name, batch) values ('004_old.js', 2), ('005_lost.js', 2)`,
  )
  const all = await runHere(project, 'verify --data')
  t.equal(all.exit, 4)
  t.match(all.document, {
    rows: [
      { revision: '002_slow', status: 'true', said: null },
      { revision: '003_rows', status: 'untrue', said: ['it returned false'] },
      { revision: '004_old', status: 'untrue', said: [/cannot execute INSERT in a read-only transaction/] },
      { revision: '005_lost', status: 'unknown', said: [/column "lost" does not exist/] },
    ],
  })
  t.match(all.text, /UNTRUE {5}003_rows[^]*NOT KNOWN {2}005_lost/)
  t.same(await project.query('select id from bands'), [])
})

t.test('a verify that is no function is refused', async (t) => {
  const project = await createProject(
    t,
    { '001_bands': bands, '002_rows': rows('export const verify = true') },
    { snapshot: false },
  )
  t.match(
    (await runHere(project, 'snapshot')).text,
    /^SCHEMA_MIGRATION_UNLOADABLE: .*Migration 002_rows exports a verify that is no function/,
  )
})

const rehearsed: Readonly<Record<string, MigrationData>> = {
  '001_songs': {
    up: 'create table songs (id integer primary key, title text not null)',
    down: 'drop table songs',
  },
  '002_no_down': 'create index songs_title on songs (title)',
  '003_half': {
    up: ['create table plays (id int primary key)', 'alter table songs add year int'],
    down: 'alter table songs drop year',
  },
  '004_not_null': { up: 'alter table songs add artist text not null', down: 'alter table songs drop artist' },
  '005_again': {
    up: 'create table if not exists bands (id int primary key)',
    down: 'drop table bands',
  },
  '006_rows': {
    code: `export const up = async (knex) => {
  await knex.raw('alter table songs add rating int')
  await knex('songs').update({ rating: 3 })
}
export const down = (knex) => knex.raw('alter table songs drop rating')
export const verify = async (knex) => (await knex('songs').whereNull('rating')).length === 0\n`,
  },
  '007_outside': {
    transaction: false,
    up: 'create index concurrently songs_rating on songs (rating)',
    down: 'drop index songs_rating',
  },
  '008_down_throws': {
    code: `export const up = (knex) => knex.raw('comment on table songs is null; create view best as select 1 as one')
export const down = () => { throw new Error('no way back') }\n`,
  },
  '009_insert': {
    code: `export const config = { changes: 'rows' }
export const up = (knex) => knex('bands').insert({ id: 7 })
export const down = (knex) => knex('bands').where({ id: 7 }).del()
export const verify = async (knex) => (await knex('bands').where({ id: 7 })).length === 1\n`,
  },
}

const ok = { outcome: 'ok' }

t.test('every revision is run up, down and up again', async (t) => {
  const project = await createProject(t, rehearsed)
  const { exit, text, document } = await runHere(project, 'rehearse --all')
  t.equal(exit, 7, text)
  t.match(document, {
    rows: 'generated',
    notRun: [],
    faulty: ['003_half', '004_not_null', '008_down_throws'],
    revisions: [
      {
        revision: '001_songs',
        up: ok,
        down: ok,
        again: ok,
        repeated: { outcome: 'failed', message: /001_songs failed/ },
      },
      { revision: '002_no_down', up: ok, down: { outcome: 'not run' }, fails: false },
      {
        revision: '003_half',
        down: {
          outcome: 'differs',
          differences: [{ change: 'unexpected', key: 'table:public.plays' }, {}, {}],
        },
        again: { outcome: 'failed', code: 'SCHEMA_MIGRATION_FAILED' },
        repeated: { outcome: 'not run' },
      },
      { revision: '004_not_null', up: { outcome: 'failed', facts: { sqlstate: ['23502'] } } },
      { revision: '005_again', down: ok, again: ok, repeated: ok },
      { revision: '006_rows', hasVerify: true, up: ok, down: ok, again: ok },
      {
        revision: '007_outside',
        transactional: false,
        up: ok,
        down: ok,
        again: ok,
        repeated: { outcome: 'failed' },
      },
      { revision: '008_down_throws', up: ok, down: { outcome: 'failed' }, again: { outcome: 'not run' } },
      {
        revision: '009_insert',
        hasVerify: true,
        up: ok,
        down: ok,
        again: ok,
        repeated: { outcome: 'failed' },
      },
    ],
  })
  t.match(text, /rehearsed on generated rows: FAILS: 003_half, 004_not_null, 008_down_throws\n/)
  t.match(text, /\n003_half {9}.* {2}DIFFERS {2}FAILED {4}- {9}-\n004_not_null {5}FAILED {2}- /)
  t.match(text, /\n005_again .* - {9}does nothing\n006_rows .* verified {2}is refused\n/)
  t.match(
    text,
    /004_not_null: its up failed\n {2}what +004_not_null failed\.[^]*column "artist" of relation "songs" contains null values/,
  )
  t.match(text, /note: 004_not_null fails on rows and runs without$/)
})

const songs = { up: 'create table songs (id integer primary key, title text)', down: 'drop table songs' }

t.test('what is pending is rehearsed on the seeds, and in a copy that is named', async (t) => {
  const seed = `export const seed = (knex) => knex('songs').insert({ id: 1, title: null })\n`
  const project = await createProject(
    t,
    {
      '001_songs': songs,
      '002_title': {
        up: `update songs set title = 'none' where title is null and id <> 1; alter table songs alter title set not null`,
        down: 'alter table songs alter title drop not null',
      },
    },
    { files: { seeds: { 'songs.js': seed } } },
  )
  await project.migrate('001_songs')
  const found = await runHere(project, 'rehearse')
  t.equal(found.exit, 7)
  t.match(
    found.text,
    /1 revision rehearsed on generated rows and those of 1 seed: FAILS: 002_title\n[^]*column "title" of relation "songs" contains null values/,
  )
  t.same(await project.query('select * from songs'), [], 'the configured database is left alone')
  t.match(
    await runHere(project, 'rehearse', { env: { SEEDS_DIR: 'nowhere' } }),
    { exit: 2, text: /^SCHEMA_CONFIG_INVALID: The seeds cannot be read: ENOENT[^]*named by +SEEDS_DIR/ },
    'a folder that is named must be there; that of Knex need not',
  )

  const copy = await createDatabase(t)
  t.match(
    (await runHere(project, `rehearse --on ${project.url}`)).text,
    /^SCHEMA_WRONG_DATABASE: The database that --on names is the configured one/,
  )
  const env = { DATABASE_URL: copy, SCRATCH_DATABASE_URL: project.url }
  await runHere(project, 'migrate --to 001_songs', { env })
  await query(copy, `insert into songs values (7, 'Seven')`)
  const name = new URL(copy).pathname.slice(1)
  const asked = await runHere(project, `rehearse --on ${copy}`)
  t.match(asked.text, /^SCHEMA_NOT_CONFIRMED: A rehearsal changes the database that --on names/)
  t.match(
    (await runHere(project, `rehearse --on ${copy} --confirm other`)).text,
    /^SCHEMA_NOT_CONFIRMED: The name of the database/,
  )
  const rehearsal = await runHere(project, `rehearse --on ${copy} --confirm ${name}`)
  t.equal(rehearsal.exit, 0, rehearsal.text)
  t.match(rehearsal.text, /: 1 revision rehearsed on the rows there: no fault\n/)
  t.same(await query(copy, 'select title from songs'), [{ title: 'Seven' }])
  t.match((await runHere(project, `rehearse --on ${copy}`)).text, /: nothing is pending$/)
  const typed = await runHere(project, `rehearse --on ${copy}`, { ask: async () => name })
  t.equal(typed.exit, 0)
})

t.test('a rehearsal has formats for CI, also with the check of the snapshot', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_<odd>|_&': 'create table odd (id int primary key)',
    '003_left': { up: 'create table left_behind (id int primary key)', down: 'select 1' },
    '004_more': { up: 'create table more (id int primary key)', down: 'drop table more' },
  })
  const junit = await runHere(project, 'rehearse --all --format junit')
  t.match(
    junit.text,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuite name="schemagate rehearse" tests="4" failures="1" skipped="0">\n/,
  )
  t.match(junit.text, / {2}<testcase classname="rehearse" name="002_&lt;odd&gt;\|_&amp;"\/>\n/)
  t.match(junit.text, /<failure message="its down leaves another catalog than what was there before its up">/)
  const markdown = await runHere(project, 'rehearse --from 001_songs --no-rows --format markdown')
  t.match(
    markdown.text,
    /\n\| revision \| up \| down \| up again \| rows \| without its record \|\n\| --- \|/,
  )
  t.match(markdown.text, /\n\| 002\\_\\<odd\\>\\\|\\_& \| /)
  t.match((await runHere(project, 'rehearse --all --format xml')).text, /^SCHEMA_USAGE: "xml" is no format/)
  t.match((await runHere(project, 'rehearse --from 003_lef')).text, /--from 003_left +if that is meant/)

  const checked = await runHere(project, 'snapshot --check --rehearse')
  t.equal(checked.exit, 7)
  t.match(checked.text, /^The snapshot matches the migrations: 4 revisions\.\n\n.*FAILS: 003_left\n/)
  const later = await runHere(project, 'snapshot --check --rehearse --from 003_left')
  t.equal(later.exit, 0, later.text)
  t.match(later.document, { snapshot: { revisions: 4 }, rehearsal: { faulty: [] } })
  t.match(
    (await runHere(project, 'snapshot --rehearse')).text,
    /^SCHEMA_USAGE: --rehearse is only for --check/,
  )
})

t.test(
  'a revision that needs rows of earlier ones is rehearsed on these, and one that fails ends it',
  async (t) => {
    const project = await createProject(
      t,
      {
        '001_bands': bands,
        '002_rows': { up: `insert into bands values (1, 'Low')`, down: 'delete from bands' },
        '003_needs': {
          up: `do $$ begin if not exists (select from bands where name = 'Low') then raise exception 'no Low'; end if; end $$;
          create table a (id int)`,
          down: 'drop table a',
        },
        '004_fails': { up: 'alter table nowhere add x int', down: 'select 1' },
        '005_after': 'create table b (id int)',
      },
      { snapshot: false },
    )
    await project.write({ '004_fails': null, '005_after': null })
    await project.rebuild({})
    await project.write({
      '004_fails': { up: 'alter table nowhere add x int', down: 'select 1' },
      '005_after': 'create table b (id int)',
    })
    const { exit, document } = await runHere(project, 'rehearse --from 002_rows')
    t.equal(exit, 7)
    t.match(document, {
      faulty: ['004_fails'],
      notRun: ['005_after'],
      revisions: [
        { revision: '003_needs', fails: false },
        { revision: '004_fails', up: { outcome: 'failed' } },
      ],
      notes: ['003_needs was rehearsed on rows of earlier migrations: no Low'],
    })
  },
)
