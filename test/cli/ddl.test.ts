import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run as runDiff } from '../../src/cli/commands/diff.js'
import { loadConfig } from '../../src/config/load.js'
import { runHere } from '../support/command.js'
import { createDatabase, query, serverMajor } from '../support/database.js'
import type { Ended } from '../support/process.js'
import { createProject } from '../support/project.js'

t.jobs = 2

const migrations = {
  '001_songs': `create type mood as enum ('sad', 'ok');
    create table songs (id serial primary key, title text not null, mood mood default 'ok');
    create function loud(text) returns text language sql immutable as 'select upper($1)';
    create view titles as select id, loud(title) as title from songs`,
  '002_artists': `create table artists (id integer primary key);
    alter table songs add column artist integer references artists;
    create index songs_artist on songs (artist)`,
  '003_rows': 'insert into artists values (1)',
}

/** The document on stdout; text for people is on stderr. */
const documentOf = ({ stdout }: Ended): unknown => JSON.parse(stdout)

/** The SQL statements of a document, in order. */
function statementsOf(document: unknown): readonly string[] {
  const found: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('sql' in value && typeof value.sql === 'string') found.push(value.sql)
    else for (const part of Object.values(value)) visit(part)
  }
  visit(document)
  return found
}

t.test('verify shows SQL that repairs the database', async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate()
  await project.query(`drop view titles; alter table songs drop column artist, alter title drop not null;
    alter type mood add value 'happy'; drop function loud; create table extra (id integer)`)
  const found = await project.run('verify --json')
  t.equal(found.exit, 4)
  const sql = await project.run('verify --sql')
  t.equal(sql.exit, 4)
  t.notMatch(sql.stdout, /^DROP|data loss/m)
  t.match(
    sql.stdout,
    /\n-- Harmless, and left as it is; with --drop-unexpected .*:\n-- {3}table:public\.extra\n-- {3}enum:public\.mood\n$/,
  )
  t.match((await project.run('verify --sql --drop-unexpected')).stdout, /^DROP TABLE public\.extra;$/m)
  t.match(sql.stdout, /^CREATE INDEX CONCURRENTLY songs_artist ON/m)
  t.notMatch(sql.stdout, /breaks|differences/)
  for (const statement of statementsOf(documentOf(found))) await project.query(statement)
  const repaired = await project.run('verify')
  t.equal(repaired.exit, 0, repaired.stdout + repaired.stderr)
})

t.test('verify takes nothing that is merely not promised', async (t) => {
  const project = await createProject(t, {
    '001_songs': `create table songs (id int primary key, title text, plays int);
      create index songs_title on songs (title);
      create materialized view chart as select id from songs with no data`,
  })
  await project.migrate()
  const repair = async () => (await runHere(project, 'verify --sql')).text
  const toRepair = async () => (await runHere(project, 'verify')).text.split('to repair')[1]
  await project.query('refresh materialized view chart')
  t.equal(
    await repair(),
    '-- Harmless, and left as it is; with --drop-unexpected it is dropped or changed back, too:\n--   materialized_view:public.chart',
  )
  t.equal(await toRepair(), undefined)
  for (const [made, expected] of [
    ['create table audit_log (id int); create schema theirs; create table theirs.rows (id serial)', []],
    ['alter index songs_title set (fillfactor = 80)', ['ALTER INDEX public.songs_title RESET (fillfactor);']],
    [
      'alter table songs add needed int not null',
      ['ALTER TABLE public.songs ALTER COLUMN needed DROP NOT NULL;'],
    ],
    ['create table heir () inherits (songs)', ['ALTER TABLE public.heir NO INHERIT public.songs;']],
    ['alter table songs alter plays type bigint', []],
    [
      'alter table songs alter title type varchar(9)',
      ['ALTER TABLE public.songs ALTER COLUMN title TYPE text'],
    ],
  ] as const) {
    await project.query(made)
    const sql = await repair()
    t.notMatch(sql, /^(?:DROP|TRUNCATE)|NO DATA/m, made)
    for (const statement of expected) t.ok(sql.includes(statement), `${statement} in ${sql}`)
    await project.query(sql)
    t.match(await runHere(project, 'verify'), { exit: 0 }, made)
    t.equal(await toRepair(), undefined)
  }
  await project.query(
    'alter table songs alter title type varchar(9); create view theirs.titles as select title from songs',
  )
  const sql = await repair()
  t.match(sql, /DROP VIEW theirs\.titles;[^]*CREATE VIEW theirs\.titles/, 'what is in the way comes back')
  await project.query(sql)
  t.match(await runHere(project, 'verify'), { exit: 0 })
})

t.test('diff leaves out what no migration determines, as verify does', async (t) => {
  const random =
    'export const up = (knex) => knex.raw(`create table songs (id int default ${Date.now() % 1e9})`)\n'
  const project = await createProject(t, { '001_songs': { code: random } })
  await project.migrate()
  t.match(await project.run('verify'), { exit: 0 })
  for (const sources of ['snapshot database', 'database snapshot', 'database snapshot@001_songs'])
    t.match(await project.run(`diff ${sources}`), { exit: 0, stdout: /No difference\.\n$/ }, sources)
  await project.query('alter table songs alter id type bigint')
  t.match(await project.run('diff database snapshot'), { exit: 4 }, 'its type is promised')
})

t.test('diff compares any two of database, snapshot, SQL, models and a URL', async (t) => {
  const project = await createProject(t, migrations, {
    files: {
      'schema.sql': 'create table songs (id integer);\ncreate index on songs (id)',
      'broken.sql': 'create table songs (id integer);\ncreate tabel oops ()',
      'models.js': `export default (knex) =>
        knex.schema.createTable('songs', (table) => table.integer('id')).raw('create index on songs (id)')`,
      'no-models.js': 'export const models = 1',
    },
  })
  await project.migrate()
  const same = await project.run('diff database snapshot')
  t.equal(same.exit, 0, same.stderr)
  t.equal(
    project.plain(same.stdout),
    'from  app@db:5432/songs\nto    snapshot at 003_rows\n\nNo difference.\n',
  )
  const [alike, url, earlier] = await Promise.all([
    project.run('diff sql:schema.sql models:models.js'),
    project.run(`diff ${project.url} database`),
    project.run('diff snapshot@001_songs snapshot --sql'),
  ])
  t.equal(alike.exit, 0, alike.stderr)
  t.equal(url.exit, 0, url.stderr)
  t.equal(earlier.exit, 4)
  t.equal(
    earlier.stdout,
    `-- proven: run in a scratch database on PostgreSQL ${await serverMajor()}, with rows in 1 table, and read again

-- 6 statements in 3 steps; what is between BEGIN and COMMIT is all or nothing, and holds its locks to its end
--   a step that waits more than 5 s for a lock fails, changes nothing, and can be run again
--   an index whose concurrent build fails is left, invalid; the SQL that schemagate writes then rebuilds it
--   to watch it: SELECT pid, wait_event_type, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE datname = current_database()
--   to undo it: 4 statements, which --undo proves and prints
--     undoing it loses the values of public.songs.artist
--     undoing it loses the rows of public.artists

SET lock_timeout = '5s';
SET statement_timeout = '60s';

BEGIN;
CREATE TABLE public.artists (
  id integer NOT NULL
);
-- ACCESS EXCLUSIVE lock on public.songs: readers and writers wait
ALTER TABLE public.songs ADD COLUMN artist integer;
ALTER TABLE public.artists ADD CONSTRAINT artists_pkey PRIMARY KEY (id);
ALTER TABLE public.songs ADD CONSTRAINT songs_artist_fkey FOREIGN KEY (artist) REFERENCES public.artists(id) NOT VALID;
COMMIT;

SET lock_timeout = '5s';
SET statement_timeout = 0;

-- reads all of public.songs under a SHARE UPDATE EXCLUSIVE lock: readers and writers go on
-- fails when rows violate songs_artist_fkey
ALTER TABLE public.songs VALIDATE CONSTRAINT songs_artist_fkey;

SET lock_timeout = 0;
SET statement_timeout = 0;

-- SHARE UPDATE EXCLUSIVE lock on public.songs: readers and writers go on
-- runs only outside a transaction
CREATE INDEX CONCURRENTLY songs_artist ON public.songs USING btree (artist);
`,
  )
  const wrong = await Promise.all(
    ['sql:broken.sql', 'sql:missing.sql', 'models:no-models.js', 'snapshot@009', 'databse'].map((side) =>
      project.run(`diff ${side} database`),
    ),
  )
  t.strictSame(
    wrong.map(({ exit, stderr }) => [exit, project.plain(stderr).trim().split('\n', 1)[0]]),
    [
      [
        2,
        'SCHEMA_SOURCE_INVALID: broken.sql could not be loaded into a scratch database: syntax error at or near "tabel". Nothing was done.',
      ],
      [2, 'SCHEMA_SOURCE_INVALID: missing.sql could not be read. Nothing was done.'],
      [
        2,
        'SCHEMA_SOURCE_INVALID: no-models.js could not be loaded into a scratch database: its default export is not a function that takes a Knex. Nothing was done.',
      ],
      [2, 'SCHEMA_USAGE: The snapshot has no revision "009". Nothing was done.'],
      [2, 'SCHEMA_USAGE: "databse" is not a source to compare. Nothing was done.'],
    ],
  )
  t.match(wrong[0]?.stderr, /line +2: create tabel oops \(\)/)
})

t.test('what was not run says so, and two live databases start no server for it', async (t) => {
  const project = await createProject(t, migrations, { snapshot: false })
  const other = await createDatabase(t)
  await query(other, 'create table songs (id integer)')
  const { SCRATCH_DATABASE_URL: _, DATABASE_URL: __, ...rest } = project.env
  const env = { ...rest, NODE_ENV: 'development' }
  const diff = async (...positionals: readonly string[]) =>
    runDiff({
      config: loadConfig({ root: project.root, env }),
      options: { sql: true },
      positionals,
      environment: env,
      report: () => {},
      signal: new AbortController().signal,
      printMessage: () => {},
      ask: null,
      loadConfigFor: () => loadConfig({ root: project.root, env }),
    })
  const { text, document } = await diff(project.url, other)
  t.equal(
    text,
    `-- NOT PROVEN: it was not run, because SCRATCH_DATABASE_URL names no server for scratch databases
--   SCRATCH_DATABASE_URL=postgres://…: names a server where the role may create databases

-- to undo it: 1 statement, which --undo proves and prints, but only before this has run
--   undoing it loses the rows of public.songs

CREATE TABLE public.songs (
  id integer
);`,
  )
  t.match(document, { proof: { proven: false } })
  t.notOk(existsSync(join(project.root, '.schemagate')), 'no server in the folder of the project')
})

t.test('init builds an empty database at head, verified and recorded, and no other', async (t) => {
  const project = await createProject(t, migrations)
  const made = await project.run('init')
  t.equal(made.exit, 0, made.stderr)
  t.match(made.stdout, /is at 003_rows: 10 statements in .*, verified, 3 revisions recorded\.$/m)
  t.match(made.stdout, /rows that they write are missing:\n {2}003_rows {2}public\.\w+$/m)
  t.strictSame(await query(project.url, 'select name, batch from knex_migrations order by id'), [
    { name: '001_songs.js', batch: 1 },
    { name: '002_artists.js', batch: 1 },
    { name: '003_rows.js', batch: 1 },
  ])
  t.strictSame(
    await query(
      project.url,
      `select revision, event from schemagate_ledger where revision is not null order by id limit 1`,
    ),
    [{ revision: '001_songs', event: 'stamped' }],
  )
  const [status, verified, again] = await Promise.all([
    project.run('status --json'),
    project.run('verify'),
    project.run('init'),
  ])
  t.match(documentOf(status), { revision: { position: 'current' } })
  t.equal(verified.exit, 0, verified.stdout)
  t.equal(again.exit, 0, again.stderr)
  t.equal(
    project.plain(again.stdout),
    'app@db:5432/songs is already what the snapshot promises at 003_rows. Nothing was done.\n',
  )

  await project.rebuild({ '004_labels': 'create table labels (id int primary key)' })
  const behind = await runHere(project, 'init')
  t.match(behind, { exit: 0, document: { built: false, current: '003_rows', pending: ['004_labels'] } })
  t.match(behind.text, /\n1 revision pending: schemagate migrate applies them\.$/)
  await project.query('drop table artists cascade')
  t.match(await runHere(project, 'init', { env: { ON_DRIFT: 'warn' } }), {
    exit: 4,
    text: /catalog is not what the migrations promise[^]*Nothing was done/,
  })
  await project.query('truncate knex_migrations')
  t.match(await runHere(project, 'init'), { exit: 6, document: { code: 'SCHEMA_NOT_EMPTY' } })
})

t.test('a statement that the server refuses to init is told, and nothing of it stays', async (t) => {
  const reader = `test_${randomBytes(6).toString('hex')}`
  const project = await createProject(
    t,
    { ...migrations, '004_policy': `create policy own on songs to ${reader} using (true)` },
    { snapshot: false },
  )
  await project.query(`create role ${reader}`)
  await project.rebuild({})
  await project.query(`drop role ${reader}`)
  const { exit, text } = await runHere(project, 'init')
  t.equal(exit, 2)
  t.equal(
    project.plain(text).replaceAll(reader, 'reader'),
    `SCHEMA_INIT_REFUSED: PostgreSQL refused a statement that builds the database. Its transaction was rolled back: nothing was built.

  database    app@db:5432/songs
  sqlstate    42704
  message     role "reader" does not exist
  statement   CREATE POLICY own ON public.songs FOR ALL TO reader USING (true)

Do one of:
  schemagate migrate   runs the migrations one by one`,
  )
  t.notOk((await project.objects()).some((object) => object.startsWith('songs')))
})
