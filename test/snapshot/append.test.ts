import { readFile, writeFile as write } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Progress } from '../../src/core/progress/events.js'
import { snapshotFileName } from '../../src/snapshot/file.js'
import { call, type Called } from '../support/command.js'
import {
  createProject,
  type MigrationChanges,
  type MigrationData,
  type Migrations,
  type Project,
} from '../support/project.js'

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

/** Each is appended to all before it. */
const steps: readonly MigrationChanges[] = [
  { '010_table': 'create table labels (id int primary key, name text unique)' },
  { '020_columns': `alter table songs add year int, add label text default 'x'` },
  {
    '030_gone': ['alter table songs add a int, add b int', 'alter table songs drop a'],
    '031_more': 'alter table songs add c int',
  },
  {
    '040_names': ['alter table songs rename title to name', 'alter table songs alter name type varchar(20)'],
  },
  { '050_less': 'alter table songs drop plays' },
  {
    '060_partition': [
      `create table plays_2027 partition of plays for values from ('2027-01-01') to ('2028-01-01')`,
      'create index on plays (at)',
    ],
  },
  {
    '070_enum': [
      `alter type band.role add value 'dancer'`,
      'create or replace view band.singers as select id, song, role from band.artists',
    ],
  },
  { '080_moment': momentary('alter table songs add since text default') },
  { '090_rows': `insert into labels values (1, 'x')` },
  { '100_beside': 'create table others (id int)' },
]

function momentary(statement: string): { readonly code: string } {
  return { code: `export const up = (knex) => knex.raw(\`${statement} '\${new Date().toISOString()}'\`)` }
}

t.test('the new revisions alone give what a replay of all gives', async (t) => {
  const project = await createProject(t, base)
  let known = Object.keys(base).length
  for (const appended of steps) {
    await project.write(appended)
    const { exit, text, events } = await snapshot(project)
    t.equal(exit, 0, text)
    t.match(replaysOf(events), [{ revisions: Object.keys(appended).length, after: known }])
    known += Object.keys(appended).length
  }
  const appended = await textOf(project)
  t.match(replaysOf((await snapshot(project, '--full')).events), [{ revisions: known, after: 0 }])
  t.equal(appended, await textOf(project))
})

t.test('where only the numbers of columns differ, the snapshot is that of the migrations', async (t) => {
  const project = await createProject(t, base)
  await project.write({
    '010_name': 'alter table songs rename to tracks',
    '011_year': 'alter table tracks add year int',
    '012_again': ['drop table tracks cascade', 'create table songs (title text, id int)'],
  })
  const { events } = await snapshot(project)
  t.match(replaysOf(events), [{ after: 3 }])
  t.equal((await snapshot(project, '--check')).exit, 0)
})

interface Refusal {
  readonly because: RegExp
  readonly base?: Migrations
  readonly appended: MigrationData
  /** Default: 0. */
  readonly exit?: number
}

const labels = 'create table labels (id int)'
const rows = `insert into songs values (1, 'x', 2)`

/** Why all revisions are replayed. */
const refusals: readonly Refusal[] = [
  {
    because: /^they change public\.songs, which has rows$/,
    base: { ...base, '009_rows': rows },
    appended: 'alter table songs alter plays set not null',
  },
  {
    because: /^010_new may depend on rows$/,
    base: { ...base, '009_rows': rows },
    appended: ['select count(*) from songs', labels],
  },
  {
    because: /^009_path may leave a search_path behind$/,
    base: { ...base, '009_path': 'set search_path to band' },
    appended: labels,
  },
  {
    because: /^010_new runs without a transaction$/,
    appended: { up: 'create index concurrently on songs (title)', transaction: false },
  },
  {
    because: /^column:public\.since\.at is not the same/,
    base: { '001_since': momentary('create table since (at text); alter table since alter at set default') },
    appended: 'alter table since alter at set not null',
  },
  { because: /010_new/, appended: 'alter table nothing add a int', exit: 7 },
]

for (const { because, base: before = base, appended, exit = 0 } of refusals)
  t.test(`all are replayed: ${because.source}`, async (t) => {
    const project = await createProject(t, before)
    await project.write({ '010_new': appended })
    const made = await snapshot(project)
    t.equal(made.exit, exit, made.text)
    t.match(
      made.events.flatMap((each) => (each.event === 'replaying all' ? [each.why] : [])),
      [because],
    )
    t.match(replaysOf(made.events).at(-1), { after: 0 })
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
    t.match(replaysOf(events), [{ after: 0 }])
    t.equal(replaysOf(events).length, 1)
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

function replaysOf(events: readonly Progress[]): readonly Progress[] {
  return events.filter(({ event }) => event === 'replaying')
}
