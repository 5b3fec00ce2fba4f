import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Progress } from '../../src/core/progress/events.js'
import { formatProgress } from '../../src/core/progress/messages.js'
import { call } from '../support/command.js'
import { createServer } from '../support/own-server.js'
import { createProject, type MigrationData, type Project } from '../support/project.js'
import {
  type HostileMigration,
  hostileMigrations,
  lockRemovals,
  singleUnlock,
  thrownValues,
} from './hostile-migrations.js'
import { revisionOf } from '../../src/project/revision-name.js'

const plain = { '001_songs': 'create table songs (id int)', '003_likes': 'create table likes (id int)' }

/** Nothing is promised, so that what is told does not come from a comparison with a snapshot. */
const unverified = { ON_UNVERIFIED: 'warn' }

const projectWith = (t: Test, hostile: MigrationData): Promise<Project> =>
  createProject(t, { ...plain, '002_hostile': hostile }, { snapshot: false })

const migrate = ({ root, env }: Project) => call(['migrate'], { root, env: { ...env, ...unverified } })

/** The corrected migration is a file of another name, because Node keeps what it has imported. */
async function correct({ root }: Project): Promise<void> {
  const file = (extension: string): string => join(root, 'migrations', `002_hostile.${extension}`)
  await rm(file('js'))
  await writeFile(
    file('mjs'),
    `export const up = (knex) => knex.raw('create table if not exists albums (id int)')\n`,
  )
}

async function column({ query }: Project, sql: string): Promise<readonly string[]> {
  return (await query(sql)).map(({ value }) => String(value))
}

const recorded = async (project: Project) =>
  (await column(project, 'select name as value from knex_migrations order by id')).map(revisionOf)
const ledger = (project: Project) =>
  column(
    project,
    `select revision || ' ' || event || case when detail ->> 'transaction' = 'false' then '*' else '' end as value
      from schemagate_ledger where revision < '003' order by id`,
  )
const tables = (project: Project) =>
  column(
    project,
    `select relname as value from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
      and relname !~ '^(knex|schemagate)_' order by relname`,
  )

/** Warnings, and what PostgreSQL and the session say while a revision runs. */
function warningsIn(events: readonly Progress[]): readonly string[] {
  return events.flatMap((event) => {
    if (event.event === 'notice') return [event.message]
    return event.event === 'transaction ended' ? [formatProgress(event).text] : []
  })
}

async function checkTruth(t: Test, project: Project, expected: HostileMigration): Promise<void> {
  const { exit, text, events } = await migrate(project)
  t.equal(exit, expected.error === null ? 0 : 7, text)
  if (expected.error !== null) t.equal(text.split('\n', 1)[0], `SCHEMA_MIGRATION_FAILED: ${expected.error}`)
  t.strictSame(warningsIn(events), expected.warnings ?? [], 'what is warned of')
  t.strictSame(await recorded(project), expected.recorded, 'what Knex has recorded')
  const own = (await ledger(project)).slice(0, expected.ledger.length)
  t.strictSame(own, expected.ledger, 'our own ledger')
  t.strictSame(await tables(project), expected.tables, 'the catalog')
}

for (const expected of hostileMigrations)
  t.test(expected.name, async (t) => {
    const project = await projectWith(t, expected.hostile)
    await checkTruth(t, project, expected)
    if (expected.error !== null) await correct(project)
    const next = await migrate(project)
    t.equal(next.exit, 0, next.text)
    t.strictSame(await recorded(project), expected.next, 'the next start')
  })

t.test('a revision that drops what the session has prepared is verified like any other', async (t) => {
  const hostile = ['create table if not exists albums (id int)', 'deallocate all']
  const project = await createProject(t, { ...plain, '002_hostile': hostile })
  const { exit, text } = await migrate(project)
  t.equal(exit, 0, text)
  t.strictSame(await recorded(project), ['001_songs', '002_hostile', '003_likes'])
  t.strictSame((await ledger(project)).slice(-2), ['002_hostile started', '002_hostile applied'])
  const other = await createProject(t, { ...plain, '002_hostile': hostile })
  await call(['migrate', '--to', '001_songs'], other)
  await other.query('create table albums (id text)')
  t.match((await migrate(other)).text, /SCHEMA_PROMISE_BROKEN: 002_hostile/)
})

t.test('what is thrown is told, and bounded', async (t) => {
  for (const { name, hostile, told } of thrownValues)
    t.test(name, async (t) => {
      const project = await projectWith(t, hostile)
      const { text } = await migrate(project)
      t.match(/^ {2}error +(.*)$/m.exec(text)?.[1], told)
      const [stored] = await column(
        project,
        `select error as value from schemagate_ledger where event = 'failed'`,
      )
      t.equal(stored, told)
    })
})

t.test('a violated constraint is told without the values of the row', async (t) => {
  const cases: readonly (readonly [sql: string, fact: RegExp])[] = [
    [`insert into people values ('ann@example.com')`, /detail +Key \(email\)=\(…\) already exists\./],
    [`insert into people values (null)`, /detail +Failing row contains \(…\)\./],
    [`select 'ann@example.com'::int`, /message +invalid input syntax for type integer: "…"/],
  ]
  for (const [sql, fact] of cases)
    t.test(sql.replaceAll(/\W+/g, ' '), async (t) => {
      const project = await projectWith(t, [
        'create table people (email text primary key)',
        `insert into people values ('ann@example.com')`,
        sql,
      ])
      const { text } = await migrate(project)
      t.match(text, fact)
      t.notMatch(text, 'ann@example.com')
      t.strictSame(
        await column(project, `select error as value from schemagate_ledger where error ~ 'ann@example'`),
        [],
      )
    })
})

t.test('a revision that failed outside a transaction is half applied', async (t) => {
  /** Replays in a scratch database, and fails in the other. */
  const fail = `select 1 / (current_database() like 'schemagate\\_scratch%')::int`
  const cases: Readonly<Record<string, MigrationData>> = {
    'without a transaction': {
      up: ['create table albums (id int)', fail, 'create table artists (id int)'],
      transaction: false,
    },
    'after its COMMIT': ['create table albums (id int)', 'commit', fail, 'create table artists (id int)'],
  }
  for (const [name, hostile] of Object.entries(cases))
    t.test(name, async (t) => {
      const project = await createProject(t, { ...plain, '002_hostile': hostile })
      const place = { root: project.root, env: project.env }
      t.match(await call(['migrate'], place), {
        exit: 7,
        text: /^SCHEMA_MIGRATION_FAILED: 002_hostile failed\./,
      })
      const again = await call(['migrate'], place)
      t.match(again, {
        exit: 7,
        text: /^SCHEMA_HALF_APPLIED: 002_hostile failed before outside a transaction, and is applied in part\. Nothing was run\./,
      })
      await project.query('create table artists (id int)')
      t.match(await call(['migrate'], place), { exit: 7, text: /schemagate stamp 002_hostile/ })
      t.match(await call(['stamp', '002_hostile', '--yes'], place), { exit: 0 })
      t.match(await call(['migrate'], place), { exit: 0 })
    })
})

t.test('records that were lost are not run again', async (t) => {
  const project = await createProject(t, { ...plain, '002_hostile': 'create table albums (id int)' })
  const place = { root: project.root, env: project.env }
  await project.migrate()
  await project.query('truncate knex_migrations')
  t.match(await call(['migrate'], place), {
    exit: 7,
    text: /^SCHEMA_HALF_APPLIED: 3 revisions are applied in full, and no longer recorded by Knex\. Nothing was run\.[^]*schemagate stamp 003_likes/,
  })
  t.match(await call(['stamp', '003_likes', '--yes'], place), { exit: 0 })
  t.match(await call(['check'], place), { exit: 0 })
})

/** A revision that does this with its lock, and goes on for a while. */
const afterRemoval = (removal: string): string => `export const config = { transaction: false }
export async function up(knex) {
  await knex.raw('create table if not exists runs (at timestamptz default clock_timestamp())')
  await knex.raw('insert into runs default values')
  await knex.raw(${JSON.stringify(removal)}).catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 1500))
}\n`

t.test('a lock is still held where each was released once', async (t) => {
  const project = await projectWith(t, { code: afterRemoval(singleUnlock) })
  const ended = await Promise.all([migrate(project), migrate(project)])
  t.strictSame(
    ended.map(({ exit }) => exit),
    [0, 0],
    ended.map(({ text }) => text).join('\n'),
  )
  t.strictSame(await project.query('select count(*)::int as number from runs'), [{ number: 1 }])
})

t.test('no other process runs a revision whose session lost the lock', async (t) => {
  for (const [name, removal] of Object.entries(lockRemovals))
    t.test(name, async (t) => {
      const project = await projectWith(t, { code: afterRemoval(removal) })
      const first = migrate(project)
      const second = migrate(project)
      const ended = await Promise.all([first, second])
      t.ok(
        ended.every(({ exit }) => exit === 7),
        ended.map(({ text }) => text).join('\n'),
      )
      const [runs] = await project.query(
        `select count(*)::int as number, extract(epoch from max(at) - min(at))::float as apart from runs`,
      )
      t.equal(runs?.['number'], 2)
      t.ok(Number(runs?.['apart']) > 1.4, 'one after the other')
    })
})

t.test('a process that ends in a migration says which', async (t) => {
  const cases: Readonly<Record<string, string>> = {
    'process.exit(0)': 'process.exit(0)',
    'process.exit(3)': 'process.exit(3)',
    'an error that nothing caught': `setTimeout(() => { throw new Error('nobody') }, 10)`,
    'a rejection that nobody awaits': `Promise.reject(new Error('nobody'))`,
  }
  for (const [name, body] of Object.entries(cases))
    t.test(name, async (t) => {
      const project = await projectWith(t, {
        code: `export async function up(knex) {
  await knex.raw('create table albums (id int)')
  ${body}
  await new Promise((resolve) => setTimeout(resolve, 5000))
}\n`,
      })
      const ended = await project.run('migrate', unverified)
      t.equal(ended.exit, 7)
      t.match(
        ended.stderr,
        /SCHEMA_MIGRATION_FAILED: the process ended with exit code \d while 002_hostile ran\./,
      )
      t.strictSame(await recorded(project), [])
      await correct(project)
      t.match(await migrate(project), { exit: 0 })
    })
})

t.test('a process that ends while a migration is loaded says who ended it', async (t) => {
  for (const top of [
    'process.exit(0)',
    'setTimeout(() => process.exit(0), 1); await new Promise(() => {})',
  ]) {
    const project = await projectWith(t, { code: `${top}\nexport const up = () => {}\n` })
    const ended = await project.run('migrate', unverified)
    t.equal(ended.exit, 1)
    t.match(
      ended.stderr,
      /SCHEMA_PROCESS_ENDED: Code of the project ended the process with exit code 0\. migrate is not done: .*\n\n +called +.*002_hostile\.js:1/,
    )
  }
})

t.test('a migration that never ends is given up when the process is asked to stop', async (t) => {
  const project = await projectWith(t, { code: 'export const up = () => new Promise(() => {})\n' })
  const running = project.start('migrate', unverified)
  await running.said('001_songs (1 of 3)')
  running.kill('SIGTERM')
  const ended = await running.ended()
  t.match(
    ended.stderr,
    /SCHEMA_INTERRUPTED: Migrating was stopped on request\. Its transaction was rolled back\./,
  )
  t.strictSame(await recorded(project), [])
})

t.test('a transaction that was prepared is rolled back', async (t) => {
  const server = await createServer(t)
  await server.query('alter system set max_prepared_transactions = 5')
  await server.stop()
  await server.start()
  for (const [name, hostile] of Object.entries({
    'at the end': ['create table albums (id int)', `prepare transaction 'half'`],
    'and went on': ['create table albums (id int)', `prepare transaction 'half'`, 'begin', 'select broken'],
  }))
    t.test(name, async (t) => {
      await server.query(`drop database if exists prepared`)
      await server.query(`create database prepared`)
      const database = server.direct().replace(/[^/]*$/, 'prepared')
      const project = await createProject(
        t,
        { ...plain, '002_hostile': hostile },
        { snapshot: false, database },
      )
      const { exit, text } = await migrate(project)
      t.equal(exit, 7)
      t.match(
        text,
        /It prepared its transaction for a two-phase commit \(PREPARE TRANSACTION\)\. That was rolled back\./,
      )
      t.strictSame(await project.query('select gid from pg_prepared_xacts'), [])
      t.strictSame(await tables(project), [])
    })
})

t.test('a down is asked the same', async (t) => {
  const cases: Readonly<Record<string, readonly [down: string, exit: number, says: RegExp]>> = {
    COMMIT: [`await knex.raw('drop table albums'); await knex.raw('commit')`, 0, /reverted 002_hostile/],
    'COMMIT, then an error': [
      `await knex.raw('drop table albums'); await knex.raw('commit'); throw new Error('no')`,
      7,
      /It had committed the transaction it was given: what it did before that stays\. It is still recorded\./,
    ],
    'pg_advisory_unlock_all()': [
      `await knex.raw('select pg_advisory_unlock_all()')`,
      7,
      /It released the migration lock/,
    ],
    'throw undefined': [
      'throw undefined',
      7,
      /Its transaction was rolled back; it is still recorded\.[^]*threw undefined/,
    ],
  }
  for (const [name, [down, exit, says]] of Object.entries(cases))
    t.test(name, async (t) => {
      const project = await projectWith(t, {
        code: `export const up = (knex) => knex.raw('create table albums (id int)')
export async function down(knex) { ${down} }\n`,
      })
      await project.write({ '003_likes': null })
      t.match(await migrate(project), { exit: 0 })
      const reverted = await call(['down', '--confirm', 'production'], {
        root: project.root,
        env: { ...project.env, ...unverified },
      })
      t.match(reverted, { exit, text: says })
      t.strictSame(await recorded(project), exit === 0 ? ['001_songs'] : ['001_songs', '002_hostile'])
    })
})

t.test('so is a seed', async (t) => {
  const cases: Readonly<Record<string, readonly [seed: string, exit: number, says: RegExp]>> = {
    'throw undefined': [
      'throw undefined',
      7,
      /^SCHEMA_MIGRATION_FAILED: A seed failed\. Its transaction was rolled back\./,
    ],
    'COMMIT, then an error': [
      `await knex.raw('commit'); throw new Error('no')`,
      7,
      /^SCHEMA_MIGRATION_FAILED: A seed failed\. It had committed the transaction it was given/,
    ],
    'SET ROLE and search_path': [
      `await knex.raw('set role pg_monitor'); await knex.raw("set search_path = ''")`,
      0,
      /is current, at 003_likes/,
    ],
  }
  for (const [name, [seed, exit, says]] of Object.entries(cases))
    t.test(name, async (t) => {
      const project = await createProject(
        t,
        { ...plain, '002_hostile': 'create table albums (id int)' },
        {
          snapshot: false,
          files: {
            seeds: {
              '01.js': `export async function seed(knex) { ${seed} }\n`,
              '02.js': `export const seed = (knex) => knex.raw('insert into songs values (1)')\n`,
            },
          },
        },
      )
      const { root, env } = project
      const called = await call(['migrate'], { root, env: { ...env, ...unverified, SEED_ON_START: 'true' } })
      t.match(called, { exit, text: says })
      t.equal((await project.query('select from songs')).length, exit === 0 ? 1 : 0)
    })
})
