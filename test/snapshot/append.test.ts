import { readFile, writeFile as write } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { snapshotFileName } from '../../src/snapshot/file.js'
import { call, type Called } from '../support/command.js'
import { createProject, type MigrationChanges, type Migrations, type Project } from '../support/project.js'

const base = {
  '001_songs': [
    'create table songs (id int primary key, draft text, title text not null, plays int default 0)',
    'alter table songs drop column draft',
    'alter table songs add mood text',
  ],
  '002_artists': [
    'create schema band',
    `create type band.role as enum ('singer', 'drummer')`,
    'create table band.artists (id serial primary key, role band.role, song int references songs)',
    "create view band.singers as select id, song from band.artists where role = 'singer'",
    `create function band.count_singers() returns bigint language sql as 'select count(*) from band.singers'`,
    `comment on table songs is 'all of them'`,
  ],
  '003_plays': [
    'alter table songs drop column mood',
    'create table plays (song int, at timestamptz default now()) partition by range (at)',
    `create table plays_2026 partition of plays for values from ('2026-01-01') to ('2027-01-01')`,
    'create index on plays (song)',
  ],
} as const satisfies Migrations

interface AppendCase {
  readonly what: string
  readonly base?: Migrations
  readonly appended: MigrationChanges
  /** Why all revisions are replayed. Default: the new ones alone are. */
  readonly because?: RegExp
  /** The numbers of columns differ from those of a replay of all, and nothing else. */
  readonly otherNumbers?: boolean
}

const rows: Migrations = { ...base, '003_rows': `insert into songs values (1, 'x', 2)` }

const cases: readonly AppendCase[] = [
  { what: 'a table', appended: { '004_new': 'create table labels (id int primary key, name text unique)' } },
  { what: 'a column', appended: { '004_new': "alter table songs add year int, add label text default 'x'" } },
  {
    what: 'columns, one gone again',
    appended: {
      '004_new': ['alter table songs add a int, add b int', 'alter table songs drop a'],
      '005_new': 'alter table songs add c int',
    },
  },
  {
    what: 'another name and type',
    appended: {
      '004_new': ['alter table songs rename title to name', 'alter table songs alter name type varchar(20)'],
    },
  },
  {
    what: 'another name of a table',
    appended: {
      '004_new': 'alter table songs rename to tracks',
      '005_new': 'alter table tracks add year int',
    },
    otherNumbers: true,
  },
  {
    what: 'a table made again',
    appended: { '004_new': ['drop table songs cascade', 'create table songs (title text, id int)'] },
    otherNumbers: true,
  },
  { what: 'a column less', appended: { '004_new': 'alter table songs drop plays' } },
  {
    what: 'a partition and an index',
    appended: {
      '004_new': [
        `create table plays_2027 partition of plays for values from ('2027-01-01') to ('2028-01-01')`,
        'create index on plays (at)',
      ],
    },
  },
  {
    what: 'a value of an enum, and a view',
    appended: {
      '004_new': [
        `alter type band.role add value 'dancer'`,
        'create or replace view band.singers as select id, song, role from band.artists',
      ],
    },
  },
  { what: 'nothing but rows', appended: { '004_new': `insert into songs values (1, 'x', 2)` } },
  {
    what: 'a default of the moment',
    appended: {
      '004_new': {
        code: "export const up = (knex) => knex.raw(`alter table songs add since text default '${new Date().toISOString()}'`)",
      },
    },
  },
  {
    what: 'a table beside one with rows',
    base: rows,
    appended: { '004_new': 'create table labels (id int)' },
  },
  {
    what: 'a table with rows is changed',
    base: rows,
    appended: { '004_new': 'alter table songs alter plays set not null' },
    because: /^they change public\.songs, which has rows$/,
  },
  {
    what: 'rows are looked at',
    base: rows,
    appended: { '004_new': ['select count(*) from songs', 'create table labels (id int)'] },
    because: /^004_new may depend on rows$/,
  },
  {
    what: 'a search_path that is left',
    base: { ...base, '003_path': 'set search_path to band' },
    appended: { '004_new': 'create table labels (id int)' },
    because: /^003_path may leave a search_path behind$/,
  },
  {
    what: 'no transaction',
    appended: { '004_new': { up: 'create index concurrently on songs (title)', transaction: false } },
    because: /^004_new runs without a transaction$/,
  },
  {
    what: 'what has a default of the moment is changed',
    base: {
      '001_since': {
        code: "export const up = (knex) => knex.raw(`create table since (at text default '${new Date().toISOString()}')`)",
      },
    },
    appended: { '004_new': 'alter table since alter at set not null' },
    because: /^column:public\.since\.at is not the same/,
  },
  { what: 'it fails', appended: { '004_new': 'alter table nothing add a int' }, because: /004_new/ },
]

for (const { what, base: before = base, appended, because, otherNumbers = false } of cases)
  t.test(`appended: ${what}`, async (t) => {
    const project = await createProject(t, before)
    await project.write(appended)
    const made = await snapshot(project)
    const text = await textOf(project)
    const replayed = made.events.flatMap((each) => (each.event === 'replaying' ? [each] : []))
    const why = made.events.flatMap((each) => (each.event === 'replaying all' ? [each.why] : []))
    if (because === undefined) {
      t.match(replayed, [{ revisions: Object.keys(appended).length, after: Object.keys(before).length }])
      t.strictSame(why, [])
    } else {
      t.match(replayed.at(-1), { after: 0 })
      t.match(why, [because])
    }
    if (otherNumbers) t.equal((await snapshot(project, '--check')).exit, 0)
    const full = await snapshot(project, '--full')
    t.equal(full.exit, made.exit, made.text)
    t.equal(withoutNumbers(text, otherNumbers), withoutNumbers(await textOf(project), otherNumbers))
  })

t.test('what is not at the end, or was edited, is replayed with all', async (t) => {
  const changes: readonly MigrationChanges[] = [
    { '000_first': 'create table labels (id int)' },
    { '001_songs': `${base['001_songs'].join(';')}; select 1`, '004_new': 'create table labels (id int)' },
    { '003_plays': null },
  ]
  for (const changed of changes) {
    const project = await createProject(t, base)
    await project.write(changed)
    const { events, exit } = await snapshot(project)
    t.equal(exit, 0)
    t.strictSame(
      events.flatMap((each) => (each.event === 'replaying' ? [each.after] : [])),
      [0],
    )
  }
})

t.test('the order of columns counts, not their numbers', async (t) => {
  const project = await createProject(t, base)
  const file = join(project.root, 'migrations', snapshotFileName)
  const text = await readFile(file, 'utf8')
  const numbered = (title: number) =>
    text.replace(/("column:public.songs.title".*?"\$position":)\d+/, `$1${title}`)
  for (const [title, exit] of [
    [2, 0],
    [9, 4],
  ] as const) {
    await write(file, numbered(title))
    t.equal((await snapshot(project, '--check')).exit, exit, String(title))
  }
})

function snapshot(project: Project, ...words: readonly string[]): Promise<Called> {
  return call(['snapshot', ...words], project)
}

const textOf = (project: Project): Promise<string> => project.read(`migrations/${snapshotFileName}`)

function withoutNumbers(text: string, isMeant: boolean): string {
  return isMeant ? text.replaceAll(/"\$position":\d+/g, '') : text
}
