import t from 'tap'
import { runHere } from '../support/command.js'
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
