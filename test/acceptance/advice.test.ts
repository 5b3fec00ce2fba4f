import t from 'tap'
import type { Ended } from '../support/process.js'
import { createProject, type Migrations, type Project } from '../support/project.js'

t.jobs = 3

const songs = 'create table songs (id int primary key, title text)'
const plays = 'create table plays (id int primary key)'
const two: Migrations = { '001_songs': songs, '002_plays': { up: plays, down: 'drop table plays' } }

interface Situation {
  readonly name: string
  readonly migrations?: Migrations
  /** How the database and the files come to be as they are. */
  readonly before: (project: Project) => Promise<unknown>
  /** What refuses or finds something. */
  readonly command: string
  /** Advice in its words, what is run for it, and the exit code. `sql` stands for what `verify` or `diff` prints. */
  readonly advice: readonly (readonly [advice: string, run: string, exit: number])[]
}

/** Following the advice in order ends with a database that a start serves. */
const situations: readonly Situation[] = [
  {
    name: 'behind',
    before: (project) => project.migrate('001_songs'),
    command: 'check',
    advice: [['npx schemagate migrate ', 'migrate', 0]],
  },
  {
    name: 'drift',
    before: async (project) => {
      await project.migrate()
      await project.query('alter table songs drop title')
    },
    command: 'check',
    advice: [
      ['schemagate verify ', 'verify', 4],
      ['to repair', 'sql verify --sql', 0],
    ],
  },
  {
    name: 'drift, asked of repair',
    before: async (project) => {
      await project.migrate()
      await project.query('alter table songs drop title')
    },
    command: 'repair',
    advice: [['schemagate verify --sql prints the SQL', 'sql verify --sql', 0]],
  },
  {
    name: 'tables without a record',
    before: (project) => project.query(songs),
    command: 'migrate',
    advice: [
      ['schemagate stamp ', 'stamp', 0],
      ['schemagate stamp 001_songs ', 'stamp 001_songs', 0],
      ['', 'migrate', 0],
    ],
  },
  {
    name: 'tables without a record, asked of init',
    before: (project) => project.query(`${songs}; ${plays}`),
    command: 'init',
    advice: [
      ['schemagate stamp ', 'stamp', 0],
      ['schemagate stamp 002_plays ', 'stamp 002_plays', 0],
    ],
  },
  {
    name: "an empty database with another project's record",
    before: async (project) => {
      await project.migrate()
      await project.query(`drop table songs, plays; update knex_migrations set name = 'old_' || name`)
    },
    command: 'migrate',
    advice: [
      ['schemagate stamp ', 'stamp', 4],
      ['schemagate stamp --forget ', 'stamp --forget --confirm production', 0],
      ['schemagate migrate builds it', 'migrate', 0],
    ],
  },
  {
    name: 'an empty database with its own record',
    before: async (project) => {
      await project.migrate()
      await project.query('drop table songs, plays')
    },
    command: 'stamp',
    advice: [
      ['schemagate stamp --forget ', 'stamp --forget --confirm production', 0],
      ['schemagate migrate ', 'migrate', 0],
    ],
  },
  {
    name: 'squashed migrations',
    before: async (project) => {
      await project.migrate()
      await project.rebuild({ '001_songs': null, '002_plays': null, '003_all': `${songs}; ${plays}` })
    },
    command: 'migrate',
    advice: [
      ['schemagate stamp ', 'stamp', 0],
      ['schemagate stamp 003_all --forget ', 'stamp 003_all --forget --confirm production', 0],
    ],
  },
  {
    name: 'an index that a dead build left',
    before: async (project) => {
      await project.migrate()
      await project.query(`create index concurrently i_ccnew on songs (title)`)
      await project.query(`update pg_index set indisvalid = false where indexrelid = 'i_ccnew'::regclass`)
    },
    command: 'repair --confirm production',
    advice: [['repaired index:public.songs.i_ccnew', 'check', 0]],
  },
  {
    name: 'an older revision than is recorded',
    before: (project) => project.migrate(),
    command: 'stamp 001_songs',
    advice: [
      ['schemagate down --to 001_songs ', 'down --to 001_songs --confirm production', 0],
      ['', 'migrate', 0],
    ],
  },
  {
    name: 'a revision that is not true',
    before: (project) => project.query('create table songs (id int primary key)'),
    command: 'stamp 001_songs',
    advice: [
      ['schemagate diff database snapshot@001_songs --sql ', 'sql diff database snapshot@001_songs --sql', 0],
      ['', 'stamp 001_songs', 0],
      ['', 'migrate', 0],
    ],
  },
]

for (const { name, migrations = two, before, command, advice } of situations)
  t.test(`${name}: the advice helps`, async (t) => {
    const project = await createProject(t, migrations)
    await before(project)
    let last = await project.run(command)
    for (const [words, run, exit] of advice) {
      t.ok(said(last).includes(words), `${words} is advised: ${said(last)}`)
      const next = run.startsWith('sql ') ? await runSql(project, run.slice(4)) : await project.run(run)
      t.equal(next.exit, exit, `${run}: ${said(next)}`)
      last = next
    }
    t.match(await project.run('check'), { exit: 0 }, 'it would be served')
  })

const said = ({ stdout, stderr }: Ended): string => `${stdout}\n${stderr}`

/** Runs what a command prints as SQL. */
async function runSql(project: Project, command: string): Promise<Ended> {
  const printed = await project.run(command)
  await project.query(printed.stdout)
  return { ...printed, exit: 0 }
}
