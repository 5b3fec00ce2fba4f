import t, { type Test } from 'tap'
import { runHere } from '../support/command.js'
import { type Environment, eventually } from '../support/process.js'
import { createProject, type MigrationChanges, type Migrations, type Project } from '../support/project.js'

t.jobs = 3

const addArtist = 'alter table songs add artist text'
const addLength = 'alter table songs add length integer'

const revisions: Migrations = {
  '20260101_create_songs': 'create table songs (id bigint primary key, title text not null)',
  '20260102_add_artist': addArtist,
  '20260103_add_year': 'alter table songs add year integer',
}

/** What was done to a folder whose revisions are all applied, and what a command says of it. */
interface Case {
  readonly name: string
  readonly change: MigrationChanges
  /** Default: made anew. In development the command itself makes an old one anew. */
  readonly snapshot?: 'old' | 'made by another process'
  /** What was done to the database. */
  readonly sql?: string
  readonly words: string
  readonly env?: Environment
  readonly exit: number
  readonly says: string
}

const development = { NODE_ENV: 'development', ENV_TARGET: 'production' }
const lenient = { ...development, ON_OUT_OF_ORDER: 'migrate' }
const reworded = { '20260102_add_artist': 'alter table songs add column artist text' }
const edited = { '20260102_add_artist': 'alter table songs add artist varchar(80)' }
/** What was loaded once in a process stays as it was there. */
const otherwise = { change: edited, snapshot: 'made by another process' } as const
const renamed = { '20260102_add_artist': null, '20260102_add_artists': addArtist }
const deleted = { '20260102_add_artist': null }
const late = "update knex_migrations set id = 10 where name ~ '0102'"
const below = { '20260102_add_length': addLength }

const cases: readonly Case[] = [
  {
    name: 'edited, with the same change: a note',
    change: reworded,
    snapshot: 'made by another process',
    words: 'status',
    exit: 0,
    says: `database     app@db:5432/songs  (environment production, PostgreSQL N)
identity     service songs, environment production  (ID, since TIME)
position     current
current      20260103_add_year
head         20260103_add_year
applied      3 revisions
changed      20260102_add_artist  edited, with the same change to the catalog
verified     as promised
gate         serve: 1 applied migration was edited; its change to the catalog is the same: 20260102_add_artist.`,
  },
  {
    name: 'edited, with the same change: a note in the log of who migrates',
    change: { ...reworded, '20260104_add_length': addLength },
    snapshot: 'old',
    words: 'migrate',
    env: development,
    exit: 0,
    says: `app@db:5432/songs is current, at 20260104_add_length. Applied: 1. Verified: 1 table, 5 columns, 1 constraint.
  connecting  app@db:5432/songs, environment production
  snapshot    2 revisions differ from the migrations: making it again
  replaying   4 revisions, twice, in a new database
  promised    20260104_add_length  + column public.songs.length
  snapshot    /songs/migrations/schema.snapshot.json: 4 revisions, 7 objects, in T
  database    app@db:5432/songs (PostgreSQL N) is behind: at 20260103_add_year, 1 revision pending up to 20260104_add_length
  migrated    20260104_add_length (1 of 1)  T  + 1 column
  migrated    1 revision applied in T
  database    app@db:5432/songs (PostgreSQL N) is current: at head, 20260104_add_length
  verified    1 table, 5 columns, 1 constraint: as promised
  note        1 applied migration was edited; its change to the catalog is the same: 20260102_add_artist.
`,
  },
  {
    name: 'edited, with another change: refused',
    ...otherwise,
    words: 'check',
    exit: 5,
    says: `SCHEMA_HISTORY_CHANGED: 1 applied migration was edited, and its change to the catalog is another now. This build may not serve on it.

  database      app@db:5432/songs  (environment production)
  current       20260103_add_year
  head          20260103_add_year
  changed       20260102_add_artist  edited, with a different change to the catalog
  differences   changed column:public.songs.artist  (harmless: every promised value fits and is returned unchanged)
                  type
                    expected  character varying(80)
                    actual    text

Do one of:
  restore the file                     as it was when it was applied; what it should do now is a new migration
  schemagate stamp 20260103_add_year   puts the text as it is on record, if the database is what it promises now
  schemagate down --to REVISION        with the file as it was, then migrate: where rows may be lost`,
  },
  {
    name: 'edited, with another change: refused before anything is migrated',
    change: { ...edited, '20260104_add_length': addLength },
    snapshot: 'old',
    words: 'migrate',
    env: development,
    exit: 5,
    says: `  connecting  app@db:5432/songs, environment production
  snapshot    2 revisions differ from the migrations: making it again
  replaying   4 revisions, twice, in a new database
  promised    20260102_add_artist  + column public.songs.artist
  promised    20260104_add_length  + column public.songs.length
  snapshot    /songs/migrations/schema.snapshot.json: 4 revisions, 7 objects, in T
  database    app@db:5432/songs (PostgreSQL N) is behind: at 20260103_add_year, 1 revision pending up to 20260104_add_length
! verified    1 table, 4 columns, 1 constraint: 1 difference
! refused     1 applied migration was edited, and its change to the catalog is another now: 20260102_add_artist. the database is 1 revision behind this build.

SCHEMA_HISTORY_CHANGED: 1 applied migration was edited, and its change to the catalog is another now. Nothing was applied.

  database      app@db:5432/songs  (environment production)
  current       20260103_add_year
  head          20260104_add_length
  pending       20260104_add_length
  changed       20260102_add_artist  edited, with a different change to the catalog
  differences   changed column:public.songs.artist  (harmless: every promised value fits and is returned unchanged)
                  type
                    expected  character varying(80)
                    actual    text

Do one of:
  restore the file                     as it was when it was applied; what it should do now is a new migration
  schemagate stamp 20260103_add_year   puts the text as it is on record, if the database is what it promises now
  schemagate down --to REVISION        with the file as it was, then migrate: where rows may be lost
`,
  },
  {
    name: 'edited, and nobody knows what it changed: a warning',
    ...otherwise,
    sql: "update schemagate_ledger set detail = detail - 'changes'; alter table songs alter artist type varchar(80)",
    words: 'status',
    exit: 0,
    says: `database     app@db:5432/songs  (environment production, PostgreSQL N)
identity     service songs, environment production  (ID, since TIME)
position     current
current      20260103_add_year
head         20260103_add_year
applied      3 revisions
changed      20260102_add_artist  edited; what it changed before is not recorded
verified     as promised
gate         warn: 1 applied migration was edited; what it changed then is not on record: 20260102_add_artist.`,
  },
  {
    name: 'edited, with the snapshot from before: refused for that',
    change: edited,
    snapshot: 'old',
    words: 'check',
    exit: 4,
    says: `SCHEMA_SNAPSHOT_STALE: The snapshot was not made from these migrations: it differs in 1 revision. Nothing was verified or migrated.

  folder   /songs/migrations
  stale    20260102_add_artist  edited since the snapshot was made

Do one of:
  schemagate snapshot   makes it again; commit it with the migrations`,
  },
  {
    name: 'renamed: refused',
    change: renamed,
    words: 'check',
    exit: 5,
    says: `SCHEMA_HISTORY_CHANGED: 1 recorded revision has another name in this build. This build may not serve on it.

  database   app@db:5432/songs  (environment production)
  current    20260103_add_year
  head       20260103_add_year
  pending    20260102_add_artists
  unknown    20260102_add_artist
  changed    20260102_add_artist  renamed to 20260102_add_artists

Do one of:
  rename the file back   to what is recorded; then schemagate snapshot
  record its new name    update "public"."knex_migrations" set name = '20260102_add_artists.js' where name = '20260102_add_artist.js'`,
  },
  {
    name: 'renamed, the last one, in development: refused, not applied again',
    change: { '20260103_add_year': null, '20260104_add_year': 'alter table songs add year integer' },
    words: 'migrate',
    env: development,
    exit: 5,
    says: `  connecting  app@db:5432/songs, environment production
  database    app@db:5432/songs (PostgreSQL N) is diverged: 1 revision pending, 1 revision unknown
  verified    1 table, 4 columns, 1 constraint: as promised
! refused     1 recorded revision has another name in this build: 20260103_add_year is 20260104_add_year.

SCHEMA_HISTORY_CHANGED: 1 recorded revision has another name in this build. Nothing was applied.

  database   app@db:5432/songs  (environment production)
  current    20260103_add_year
  head       20260104_add_year
  pending    20260104_add_year
  unknown    20260103_add_year
  changed    20260103_add_year  renamed to 20260104_add_year

Do one of:
  rename the file back   to what is recorded; then schemagate snapshot
  record its new name    update "public"."knex_migrations" set name = '20260104_add_year.js' where name = '20260103_add_year.js'
`,
  },
  {
    name: 'renamed, with the snapshot from before: refused as stale, and said to be renamed',
    change: renamed,
    snapshot: 'old',
    words: 'status',
    exit: 4,
    says: `database     app@db:5432/songs  (environment production, PostgreSQL N)
identity     service songs, environment production  (ID, since TIME)
position     behind
current      20260103_add_year
head         20260103_add_year
applied      2 revisions
pending      20260102_add_artists
unknown      20260102_add_artist
changed      20260102_add_artist  renamed to 20260102_add_artists
stale        20260102_add_artists  not in the snapshot
             20260102_add_artist  in the snapshot, no longer in the folder
verified     NOTHING
gate         refuse: The snapshot was not made from these migrations: it differs in 2 revisions. Nothing was verified or migrated. 1 recorded revision has another name in this build: 20260102_add_artist is 20260102_add_artists. NOTHING WAS VERIFIED: the snapshot was not made from these migrations.`,
  },
  {
    name: 'deleted: a warning',
    change: deleted,
    words: 'status',
    exit: 0,
    says: `database     app@db:5432/songs  (environment production, PostgreSQL N)
identity     service songs, environment production  (ID, since TIME)
position     current
current      20260103_add_year
head         20260103_add_year
applied      2 revisions
unknown      20260102_add_artist
changed      20260102_add_artist  not in this build
verified     1 harmless
gate         warn: 1 recorded revision is not in this build, which has later ones: 20260102_add_artist. Nothing known breaks this build.`,
  },
  {
    name: 'deleted, and what is newer is applied',
    change: { ...deleted, '20260104_add_length': addLength },
    words: 'migrate',
    exit: 0,
    says: `app@db:5432/songs is current, at 20260104_add_length. Applied: 1. Verified: 1 table, 4 columns, 1 constraint.
  connecting  app@db:5432/songs, environment production
  database    app@db:5432/songs (PostgreSQL N) is behind: at 20260103_add_year, 1 revision pending up to 20260104_add_length
! drift       1 difference from the promise before migrating; they are judged afterwards
  migrated    20260104_add_length (1 of 1)  T  + 1 column
  migrated    1 revision applied in T
  database    app@db:5432/songs (PostgreSQL N) is current: at head, 20260104_add_length
! verified    1 table, 4 columns, 1 constraint: 1 difference
! warning     1 recorded revision is not in this build, which has later ones: 20260102_add_artist. Nothing known breaks this build.
`,
  },
  {
    name: 'deleted, and the catalog breaks this build: refused',
    change: deleted,
    sql: 'alter table songs drop title',
    words: 'check',
    exit: 5,
    says: `SCHEMA_HISTORY_CHANGED: 1 recorded revision is not in this build, which has later ones. The catalog breaks this build. This build may not serve on it.

  database      app@db:5432/songs  (environment production)
  current       20260103_add_year
  head          20260103_add_year
  unknown       20260102_add_artist
  changed       20260102_add_artist  not in this build
  differences   missing column:public.songs.title  (breaks: queries that name it fail)
                    expected  type text, nullable false

Do one of:
  restore the file                              and write a migration that undoes it, if it is not to be
  schemagate stamp 20260103_add_year --forget   no longer records it, once what it made is gone
  ON_AHEAD=warn                                 start anyway`,
  },
  {
    name: 'deleted, with ON_AHEAD=refuse: refused',
    change: deleted,
    words: 'check',
    env: { ON_AHEAD: 'refuse' },
    exit: 5,
    says: `SCHEMA_HISTORY_CHANGED: 1 recorded revision is not in this build, which has later ones. Nothing known breaks this build. This build may not serve on it.

  database   app@db:5432/songs  (environment production)
  current    20260103_add_year
  head       20260103_add_year
  unknown    20260102_add_artist
  changed    20260102_add_artist  not in this build

Do one of:
  restore the file                              and write a migration that undoes it, if it is not to be
  schemagate stamp 20260103_add_year --forget   no longer records it, once what it made is gone
  ON_AHEAD=warn                                 start anyway`,
  },
  {
    name: 'deleted, with the snapshot from before: refused for that',
    change: deleted,
    snapshot: 'old',
    words: 'check',
    exit: 4,
    says: `SCHEMA_SNAPSHOT_STALE: The snapshot was not made from these migrations: it differs in 1 revision. Nothing was verified or migrated.

  folder   /songs/migrations
  stale    20260102_add_artist  in the snapshot, no longer in the folder

Do one of:
  schemagate snapshot   makes it again; commit it with the migrations`,
  },
  {
    name: 'reordered: a warning',
    change: {},
    sql: late,
    words: 'status',
    exit: 0,
    says: `database     app@db:5432/songs  (environment production, PostgreSQL N)
identity     service songs, environment production  (ID, since TIME)
position     current
current      20260103_add_year
head         20260103_add_year
applied      3 revisions
changed      20260102_add_artist  recorded after 20260103_add_year
verified     as promised
gate         warn: 1 revision was recorded after later ones of this build: 20260102_add_artist.`,
  },
  {
    name: 'reordered, where that is meant: a note',
    change: {},
    sql: late,
    words: 'status --json',
    env: lenient,
    exit: 0,
    says: `{
    "revision": {
    "position": "current",
    "current": "20260103_add_year",
    "head": "20260103_add_year",
    "pending": [],
    "unknown": [],
    "changed": [
      {
        "what": "reordered",
        "revision": "20260102_add_artist",
        "after": "20260103_add_year"
      }
    ]
  },
  "verification": {
    "status": "as promised",
    "compared": {
      "table": 1,
      "column": 4,
      "constraint": 1
    },
    "differences": [],
    "unpromised": {},
    "ignored": [],
    "notes": []
  },
  "gate": {
    "action": "serve",
    "reasons": [
      "1 revision was recorded after later ones of this build: 20260102_add_artist."
    ]
  }
}
`,
  },
  {
    name: 'added below: refused before it is migrated',
    change: below,
    words: 'migrate',
    exit: 5,
    says: `  connecting  app@db:5432/songs, environment production
  database    app@db:5432/songs (PostgreSQL N) is behind: at 20260103_add_year, 1 revision pending up to 20260103_add_year
  verified    1 table, 4 columns, 1 constraint: as promised
! refused     1 pending revision comes before one that is applied: 20260102_add_length. the database is 1 revision behind this build.

SCHEMA_OUT_OF_ORDER: 1 pending revision comes before one that is applied. Nothing was applied.

  database   app@db:5432/songs  (environment production)
  current    20260103_add_year
  head       20260103_add_year
  pending    20260102_add_length
  changed    20260102_add_length  pending, and comes before 20260103_add_year

Do one of:
  rename the file           so that it comes after 20260103_add_year; then schemagate snapshot
  ON_OUT_OF_ORDER=migrate   applies it all the same, after those that are applied
`,
  },
  {
    name: 'added below, where that is meant: applied, and then a note',
    change: below,
    words: 'migrate',
    env: lenient,
    exit: 0,
    says: `app@db:5432/songs is current, at 20260103_add_year. Applied: 1. Verified: 1 table, 5 columns, 1 constraint.
  connecting  app@db:5432/songs, environment production
  database    app@db:5432/songs (PostgreSQL N) is behind: at 20260103_add_year, 1 revision pending up to 20260103_add_year
  migrated    20260102_add_length (1 of 1)  T  + 1 column
  migrated    1 revision applied in T
  database    app@db:5432/songs (PostgreSQL N) is current: at head, 20260103_add_year
  verified    1 table, 5 columns, 1 constraint: as promised
  note        1 revision was recorded after later ones of this build: 20260102_add_length.
`,
  },
]

/** What is written as it goes, or as JSON, is a process's. */
const asProcess = /migrate|json/

for (const { name, words, env = {}, exit, says, ...done } of cases)
  t.test(name, async (t) => {
    const project = await changed(t, done)
    const ended = asProcess.test(words)
      ? await process(project, words, env)
      : await runHere(project, words, { env })
    t.equal(steady(project, ended.text), says)
    t.equal(ended.exit, exit)
  })

async function process(project: Project, words: string, env: Environment) {
  const { stdout, stderr, exit } = await project.run(words, env)
  return { text: `${stdout}${stderr}`, exit }
}

const heldUp = "select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'"

t.test(
  'what another build migrated while the lock was waited for is not what it was judged by',
  async (t) => {
    const project = await createProject(t, {
      '001_songs': 'create table songs (id bigint primary key)',
      '003_year': ['select pg_advisory_xact_lock(1)', 'alter table songs add year integer'],
    })
    await project.migrate('001_songs')
    const goOn = await project.block()
    const first = project.start('migrate')
    await eventually('the first one is held up', {
      look: async () => (await project.query(heldUp)).length > 0,
    })
    await project.rebuild({ '002_length': addLength })
    const second = project.start('migrate')
    await second.said('for the migration lock, held by')
    await goOn()
    t.equal((await first.ended()).exit, 0)
    const { exit, stderr } = await second.ended()
    t.match([exit, stderr], [5, /^SCHEMA_OUT_OF_ORDER: .* Nothing was done\.$/m])
    t.strictSame(await project.query('select name from knex_migrations order by id'), [
      { name: '001_songs.js' },
      { name: '003_year.js' },
    ])
  },
)

t.test('only the build that has the newest revisions reverts', async (t) => {
  const project = await createProject(t, revisions)
  await project.migrate()
  await project.rebuild({ '20260103_add_year': null })
  const before = await project.objects()
  for (const words of ['down', 'down --to 20260101_create_songs --confirm development']) {
    const refused = await runHere(project, words)
    t.equal(
      project.plain(refused.text),
      `SCHEMA_AHEAD: The database has newer revisions, which this build lacks. Nothing was reverted.

  database   app@db:5432/songs
  unknown    20260103_add_year

Do one of:
  schemagate down   by the build that has them reverts them first`,
    )
    t.equal(refused.exit, 5)
  }
  t.strictSame(await project.objects(), before)
})

t.test('a note is no reason to warn: it is in the log once, and in the notes of health', async (t) => {
  const project = await changed(t, { change: reworded })
  const service = await project.serve({ VERIFY_INTERVAL: '50ms' })
  const checkedAt = async (): Promise<string> =>
    String(/"checkedAt":"[^"]*"/.exec((await service.ask('/health/schema')).text))
  const first = await checkedAt()
  await eventually('it was verified again', { look: async () => (await checkedAt()) !== first })
  const { status, text } = await service.ask('/health/schema')
  t.match([status, JSON.parse(text)], [200, { status: 'pass', notes: [note] }])
  t.strictSame(
    service.log().flatMap(({ level, label, msg }) => (msg === note ? [{ level, label }] : [])),
    [{ level: 30, label: 'note' }],
  )
})

t.test('an edited text is put on record once the database is what it promises', async (t) => {
  const project = await changed(t, otherwise)
  const stamped = async () => project.plain((await runHere(project, 'stamp 20260103_add_year')).text)
  t.match(await stamped(), /^SCHEMA_STAMP_UNTRUE: /)
  t.equal((await runHere(project, 'check')).exit, 5)
  await project.query('alter table songs alter artist type varchar(80)')
  t.equal((await runHere(project, 'check')).exit, 5)
  t.equal(
    await stamped(),
    'app@db:5432/songs: 1 edited file recorded with its present text. The database is what the migrations promise at 20260103_add_year.',
  )
  t.match(await runHere(project, 'check'), { exit: 0, text: '' })
  t.match(await stamped(), /are already recorded\. Nothing was done\.$/)
})

const note = '1 applied migration was edited; its change to the catalog is the same: 20260102_add_artist.'

async function changed(
  t: Test,
  { change, snapshot, sql = '' }: Pick<Case, 'change' | 'snapshot' | 'sql'>,
): Promise<Project> {
  const project = await createProject(t, revisions)
  await project.migrate()
  await (snapshot === undefined ? project.rebuild(change) : project.write(change))
  if (snapshot === 'made by another process') await project.run('snapshot')
  await project.query(sql)
  return project
}

/** Without what differs from run to run and from server to server. */
function steady(project: Project, text: string): string {
  return (
    project
      .plain(text)
      .replace(/"database": \{.*?\n {2}\},\n/s, '')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/PostgreSQL [\d.]+/g, 'PostgreSQL N')
      .replaceAll(/ in a new database on \S+/g, ' in a new database')
      .replaceAll(/\b(?:\d+ min )?\d+(?:\.\d+)? m?s\b/g, 'T')
      // A machine that stands still is waited for, and that is said.
      .replaceAll(/^(?:! waiting .*Trying again.*|[! ] running .* is still running after .*)\n/gm, '')
  )
}
