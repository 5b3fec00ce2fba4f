import t from 'tap'
import { type Environment, logOf, takenPort } from '../support/process.js'
import { createProject, type Migrations, type Project, type ProjectOptions } from '../support/project.js'

t.jobs = 2

const songs = {
  up: 'create table songs (id int primary key, title text not null)',
  down: 'drop table songs',
}
const plays = 'alter table songs add column plays int not null default 0'
const migrations: Migrations = { '001_songs': songs, '002_plays': plays }

interface Position {
  readonly name: string
  readonly migrations?: Migrations
  readonly options?: ProjectOptions
  readonly arrange?: (project: Project) => Promise<unknown>
  readonly env?: Environment
}

interface Refused extends Position {
  readonly exit: number
  /** The whole text. */
  readonly says: string
}

interface Served extends Position {
  readonly position: string
  readonly status: 'pass' | 'warn'
  /** What it warns of in the log. */
  readonly warnings: readonly string[]
  /** The same in the notes of /health/schema, where they tell everybody less. */
  readonly notes?: readonly string[]
}

const refused: readonly Refused[] = [
  {
    name: 'an empty database',
    env: { ON_BEHIND: 'refuse' },
    exit: 3,
    says: `SCHEMA_BEHIND: the database is empty: 2 revisions pending. The service did not start.

  database   app@db:5432/songs  (environment production)
  current    none
  head       002_plays
  pending    001_songs
             002_plays

Do one of:
  npx schemagate migrate   apply them now
  ON_BEHIND=migrate        let the service apply them when it starts
  ON_BEHIND=warn           start anyway; queries on what they add will fail`,
  },
  {
    name: 'a database that is behind',
    arrange: ({ migrate }) => migrate('001_songs'),
    env: { ON_BEHIND: 'refuse' },
    exit: 3,
    says: `SCHEMA_BEHIND: the database is 1 revision behind this build. The service did not start.

  database   app@db:5432/songs  (environment production)
  current    001_songs
  head       002_plays
  pending    002_plays

Do one of:
  npx schemagate migrate   apply them now
  ON_BEHIND=migrate        let the service apply them when it starts
  ON_BEHIND=warn           start anyway; queries on what they add will fail`,
  },
  {
    name: 'a database with tables and no record of any migration',
    arrange: ({ query }) => query('create table albums (id int)'),
    exit: 6,
    says: `SCHEMA_UNMANAGED: the database has tables, but no record of any migration. The service did not start.

  database   app@db:5432/songs  (environment production)
  current    none
  head       002_plays
  pending    001_songs
             002_plays

Do one of:
  schemagate config   shows where the database URL comes from, if this is the wrong one
  schemagate stamp    says which revision it is at, if it is yours, and how to record that`,
  },
  {
    name: 'a newer build that took away what this one needs',
    migrations: { '001_songs': songs, '002_no_title': 'alter table songs drop column title' },
    arrange: async ({ migrate, rebuild }) => {
      await migrate()
      await rebuild({ '002_no_title': null })
    },
    exit: 5,
    says: `SCHEMA_AHEAD: the database is 1 revision ahead of this build, and what changed breaks it. The service did not start.

  database      app@db:5432/songs  (environment production)
  current       002_no_title
  head          001_songs
  unknown       002_no_title
  differences   missing column:public.songs.title  (breaks: queries that name it fail)
                    expected  type text, nullable false

Do one of:
  deploy the newer build   the one that has these revisions
  ON_AHEAD=warn            start anyway
  schemagate verify        lists every difference with expected and actual`,
  },
  {
    name: 'a build that lacks a revision and has another one',
    arrange: async ({ migrate, rebuild }) => {
      await migrate()
      await rebuild({ '002_plays': null, '003_likes': 'create table likes (id int)' })
    },
    exit: 5,
    says: `SCHEMA_DIVERGED: the database and this build have each revisions the other lacks. The service did not start.

  database   app@db:5432/songs  (environment production)
  current    002_plays
  head       003_likes
  pending    003_likes
  unknown    002_plays

Do one of:
  merge the two lines of migrations   into one build, and deploy that
  schemagate stamp                    says what the database is like, if files were squashed, or renamed and edited`,
  },
  {
    name: "another project's database",
    arrange: async ({ migrate, rebuild }) => {
      await migrate()
      await rebuild({ '001_songs': null, '002_plays': null, '001_albums': 'create table albums (id int)' })
    },
    exit: 6,
    says: `SCHEMA_WRONG_DATABASE: the database records revisions, and this build knows none of them. The service did not start.

  database   app@db:5432/songs  (environment production)
  current    002_plays
  head       001_albums
  pending    001_albums
  unknown    001_songs
             002_plays

Do one of:
  schemagate config   shows where the database URL comes from
  --migrations DIR    names another migrations folder
  schemagate stamp    says what the database is like, if these migrations replace those`,
  },
  {
    name: 'a ledger in another schema than Knex would use',
    arrange: ({ query }) =>
      query('create schema music; create table music.knex_migrations (id serial, name text)'),
    exit: 6,
    says: `SCHEMA_LEDGER_MISPLACED: Knex would use a ledger in schema "public", but this database has one in a different schema. Nothing was done: Knex would create everything a second time.

  database          app@db:5432/songs
  knex_migrations   music.knex_migrations
  search_path       public

Do one of:
  searchPath, schemaName   in the knexfile name the schema of the ledger
  drop table               removes a ledger that is not in use, with all that it records`,
  },
  {
    name: 'a column that was dropped by hand',
    arrange: async ({ migrate, query }) => {
      await migrate()
      await query('alter table songs drop column title')
    },
    exit: 4,
    says: `SCHEMA_DRIFT: the catalog is not what the migrations promise: 1 difference of consequence. The service did not start.

  database      app@db:5432/songs  (environment production)
  current       002_plays
  head          002_plays
  differences   missing column:public.songs.title  (breaks: queries that name it fail)
                    expected  type text, nullable false

Do one of:
  undo the change     or write a migration that makes it, then schemagate snapshot
  ON_DRIFT=warn       start anyway
  VERIFY_IGNORE       names what others are meant to change: counted and shown, not judged
  schemagate verify   lists every difference with expected and actual`,
  },
  {
    name: 'a snapshot of other migrations, in production',
    arrange: ({ write }) => write({ '001_songs': 'create table songs (id int)', '003_likes': 'select 1' }),
    exit: 4,
    says: `SCHEMA_SNAPSHOT_STALE: The snapshot was not made from these migrations: it differs in 2 revisions. Nothing was verified or migrated.

  folder   /songs/migrations
  stale    001_songs  edited since the snapshot was made
           003_likes  not in the snapshot

Do one of:
  schemagate snapshot   makes it again; commit it with the migrations`,
  },
  {
    name: 'a production without a snapshot, before anything is migrated',
    options: { snapshot: false },
    exit: 4,
    says: `SCHEMA_UNVERIFIED: the catalog could not be verified: there is no snapshot. The service did not start.

  database    app@db:5432/songs  (environment production)
  looked in   /songs/migrations
              /songs

Do one of:
  schemagate snapshot         makes it; commit it with the migrations
  copy schema.snapshot.json   beside the compiled migrations, which a compiler does not do
  ON_UNVERIFIED=warn          start anyway`,
  },
  {
    name: 'a migrations folder without a migration',
    migrations: {},
    options: { snapshot: false },
    exit: 2,
    says: `SCHEMA_MIGRATIONS_EMPTY: The migrations folder contains no migration. Nothing was done.

  folder   /songs/migrations

Do one of:
  --migrations DIR      names the folder
  schemagate new NAME   writes the first migration`,
  },
]

/** Whoever binds this port fails with another error than the expected one. */
const port = await takenPort()

for (const { name, migrations: given = migrations, options, arrange, env, exit, says } of refused)
  t.test(`refuses ${name}: exit code ${exit}, and the port is never bound`, async (t) => {
    const project = await createProject(t, given, { ...options, files: { 'termination.log': '' } })
    await arrange?.(project)
    const before = await project.objects()
    const ended = await project.run('serve', { ...env, PORT: port })
    t.equal(ended.exit, exit)
    t.equal(ended.stderr, '')
    const last = logOf(ended).at(-1)
    t.equal(project.plain(last?.msg ?? ''), says)
    t.match(last, { level: 60, exitCode: exit, code: says.split(':', 1)[0] })
    t.equal(project.plain(await project.read('termination.log')), says)
    t.strictSame(await project.objects(), before, 'nothing was created or dropped')
  })

const served: readonly Served[] = [
  {
    name: 'an empty database, after migrating it',
    position: 'current',
    status: 'pass',
    warnings: [],
  },
  {
    name: 'a database that is behind, if told to',
    arrange: ({ migrate }) => migrate('001_songs'),
    env: { ON_BEHIND: 'warn' },
    position: 'behind',
    status: 'warn',
    warnings: ['the database is 1 revision behind this build.'],
  },
  {
    name: 'a newer build that only added something',
    arrange: async ({ migrate, rebuild }) => {
      await migrate()
      await rebuild({ '002_plays': null })
    },
    position: 'ahead',
    status: 'warn',
    warnings: [
      'the database is 1 revision ahead of this build; nothing known breaks it. Newer: 002_plays. New to this build: 1 column (column:public.songs.plays).',
    ],
    notes: [
      'the database is 1 revision ahead of this build; nothing known breaks it. Newer: 002_plays. New to this build: 1 column.',
    ],
  },
  {
    name: 'a column that was dropped by hand, if told to',
    arrange: async ({ migrate, query }) => {
      await migrate()
      await query('alter table songs drop column title')
    },
    env: { ON_DRIFT: 'warn' },
    position: 'current',
    status: 'warn',
    warnings: ['the catalog is not what the migrations promise: 1 difference of consequence.'],
  },
  {
    name: 'a production without a snapshot, where that is asked for',
    options: { snapshot: false },
    env: { ON_UNVERIFIED: 'warn' },
    position: 'current',
    status: 'warn',
    warnings: ['NOTHING WAS VERIFIED: there is no snapshot.'],
  },
  {
    name: 'a development without a snapshot, after making it',
    options: { snapshot: false },
    env: { NODE_ENV: 'development' },
    position: 'current',
    status: 'pass',
    warnings: [],
  },
]

for (const { name, migrations: given = migrations, options, arrange, env, ...expected } of served)
  t.test(`serves ${name}: ${expected.position}, ${expected.status}`, async (t) => {
    const project = await createProject(t, given, options)
    await arrange?.(project)
    const service = await project.serve(env)
    const { status, text } = await service.ask('/health/schema')
    const { position, warnings, notes = warnings } = expected
    t.equal(status, 200)
    t.match(JSON.parse(text), { status: expected.status, notes, revision: { position } })
    t.equal((await service.ask('/health/ready')).status, 200)
    const warned = service.log().filter(({ label }) => label === 'warning')
    t.strictSame(
      warned.map(({ level, lines }) => ({ level, lines })),
      warnings.length === 0 ? [] : [{ level: 40, lines: warnings }],
    )
  })
