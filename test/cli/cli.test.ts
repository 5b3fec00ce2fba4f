import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { helpText } from '../../src/cli/help.js'
import { parseArguments } from '../../src/cli/arguments.js'
import { commands } from '../../src/cli/registry.js'
import { libpqEnvironment } from '../../src/postgres/connection/libpq-environment.js'
import { call, runHere } from '../support/command.js'
import { createDatabase, serverMajor } from '../support/database.js'
import { type Ended, run, start, uncounted } from '../support/process.js'
import { createProject } from '../support/project.js'

t.jobs = 2

const songs = {
  up: 'create table songs (id int primary key, title text not null)',
  down: 'drop table songs',
}
const plays = { up: 'alter table songs add column plays int', down: 'alter table songs drop column plays' }
const likes = { up: 'create table likes (id int)', down: 'drop table likes' }
const migrations = { '001_songs': songs, '002_plays': plays, '003_likes': likes }

/** The document on stdout; text for people is on stderr. */
const documentOf = ({ stdout }: Ended) => JSON.parse(stdout)

t.test('--help of each command prints its help text', async (t) => {
  const project = await createProject(t, {}, { snapshot: false })
  const names = [null, ...Object.keys(commands)]
  const asked = names.map((name) =>
    project.run(name === null ? '--help' : `${name} --help`, { PORT: 'not read' }),
  )
  for (const [index, ended] of (await Promise.all(asked)).entries())
    t.strictSame(ended, { exit: 0, stdout: helpText(names[index] ?? null, commands), stderr: '' })
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  t.strictSame(await project.run('--version'), { exit: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('what other tools call a command is answered with the command that does it', async (t) => {
  const meant = {
    status: ['current', 'migrate:list', 'migrate:status', 'migrate:currentVersion'],
    history: ['list', 'log'],
    migrate: ['up', 'upgrade', 'latest', 'deploy', 'db:migrate', 'migrate:latest', 'migrate:up'],
    down: ['downgrade', 'rollback', 'db:rollback', 'migrate:rollback', 'migrate:down'],
    new: ['migrate:make'],
    repair: ['migrate:unlock'],
  }
  for (const [command, names] of Object.entries(meant)) {
    t.ok(commands[command], command)
    for (const name of names)
      t.throws(() => parseArguments([name], commands), {
        code: 'SCHEMA_USAGE',
        message: new RegExp(`^There is no command "${name}"\\. Did you mean "${command}`),
      })
  }
  t.throws(() => parseArguments(['constructor'], commands), {
    message: /^There is no command "constructor"\. Nothing/,
  })
})

const misused: readonly (readonly [commandLine: string, error: string])[] = [
  [
    '',
    `SCHEMA_USAGE: No command was given. Nothing was done.

Do one of:
  schemagate --help   lists the commands
`,
  ],
  [
    'serv',
    `SCHEMA_USAGE: There is no command "serv". Did you mean "serve"? Nothing was done.

Do one of:
  schemagate serve    if that is meant
  schemagate --help   lists the commands
`,
  ],
  [
    'migrate:rollback',
    `SCHEMA_USAGE: There is no command "migrate:rollback". Did you mean "down"? Nothing was done.

Do one of:
  schemagate down     reverts the newest revision; --to REVISION reverts all that are newer
  schemagate --help   lists the commands
`,
  ],
  [
    'migrate --force',
    `SCHEMA_USAGE: Unknown option '--force'. Nothing was done.

Do one of:
  schemagate migrate --help   lists the options
`,
  ],
  [
    'migrate now',
    `SCHEMA_USAGE: Unexpected argument "now". Nothing was done.

Do one of:
  schemagate migrate --help   lists the options
`,
  ],
  [
    'new',
    `SCHEMA_USAGE: NAME is missing. Nothing was done.

Do one of:
  schemagate new --help   lists the options
`,
  ],
  [
    'check --wait --timeout soon',
    `SCHEMA_USAGE: "soon" is not a duration. Nothing was done.

Do one of:
  --timeout 10m   a number with ms, s, m or h
`,
  ],
  [
    'migrate --to 009_nothing',
    `SCHEMA_USAGE: There is no revision "009_nothing" in this build. Nothing was done.

  revisions   001_songs
              002_plays
              003_likes

Do one of:
  schemagate status   shows the revisions of the database and of this build
`,
  ],
  [
    'down --to 009_nothing',
    `SCHEMA_USAGE: Revision "009_nothing" is not applied. Nothing was reverted.

  applied   none

Do one of:
  schemagate status   says where the database stands
`,
  ],
]

t.test('a command line that is not valid is refused with the reason', async (t) => {
  const project = await createProject(t, migrations)
  const ended = misused.map(([commandLine]) => project.run(commandLine))
  for (const [index, [commandLine, error]] of misused.entries())
    t.strictSame(await ended[index], { exit: 2, stdout: '', stderr: `\n${error}` }, commandLine)
  const json = await project.run('status --json --force')
  t.equal(json.exit, 2)
  t.strictSame(documentOf(json), {
    error: {
      code: 'SCHEMA_USAGE',
      exitCode: 2,
      message: "Unknown option '--force'. Nothing was done.",
      facts: {},
      choices: [{ act: 'schemagate status --help', effect: 'lists the options' }],
    },
  })
})

t.test('one error names all faults of the configuration', async (t) => {
  const project = await createProject(t, migrations, { snapshot: false })
  const faulty = {
    PORT: 'x',
    ON_DRIFT: 'ignore',
    VERIFY_INTERVAL: '',
    DATABASE_URL: 'mysql://app:hidden-4711@db/songs',
  }
  const text = `SCHEMA_CONFIG_INVALID: The configuration has 4 faults: VERIFY_INTERVAL, PORT, DATABASE_URL, ON_DRIFT. Nothing was started.

  VERIFY_INTERVAL   is empty (process environment)
                    expected a value; to set none, remove the key
  PORT              is "x" (process environment)
                    expected a whole number from 0 to 65535
  DATABASE_URL      does not begin with postgres:// or postgresql:// (process environment)
                    expected a URL such as postgres://user:password@host:5432/name
  ON_DRIFT          is "ignore" (process environment)
                    expected one of refuse, warn`
  const [status, serve] = await Promise.all([project.run('status', faulty), project.run('serve', faulty)])
  t.strictSame(status, { exit: 2, stdout: '', stderr: `\n${text}\n` })
  t.match(JSON.parse(serve.stdout), { level: 60, code: 'SCHEMA_CONFIG_INVALID', exitCode: 2, msg: text })
  t.equal(serve.exit, 2)
})

t.test('production without a database names the keys', async (t) => {
  const { root, env } = await createProject(t, migrations, { snapshot: false })
  const { DATABASE_URL: _, ...rest } = env
  t.strictSame(await run(t, ['status'], { cwd: root, env: rest }), {
    exit: 2,
    stdout: '',
    stderr: `
SCHEMA_CONFIG_INVALID: DATABASE_URL is missing: there is no embedded PostgreSQL in production. Nothing was started.

  DATABASE_URL   is missing: there is no embedded PostgreSQL in production
                 expected DATABASE_URL_PRODUCTION, DATABASE_URL, or DB_HOST with DB_USER and DB_NAME
  looked for     no DATABASE_URL, no DB_HOST, and no knexfile in ${root}

Do one of:
  DATABASE_URL=postgres://…   names the database
`,
  })
})

t.test('config shows the source of each value, and no secret', async (t) => {
  const project = await createProject(t, migrations, { snapshot: false })
  const env = { HEALTH_TOKEN: 'hidden-4711' }
  const [text, json] = await Promise.all([
    project.run('config --env demo', env),
    project.run('config --json', env),
  ])
  t.match(text.stdout, /^ENV_TARGET +demo +command line$/m)
  t.match(text.stdout, /^HEALTH_TOKEN +\*\*\* +process environment$/m)
  t.match(text.stdout, /^DATABASE_URL +postgres:\/\/\w+:\*\*\*@\S+ +process environment$/m)
  t.match(documentOf(json), { target: 'production', production: true, entries: [{ key: 'NODE_ENV' }] })
})

t.test('migrate, check and down go to a revision and back, and report it in one document', async (t) => {
  const project = await createProject(t, migrations)
  const to = await project.run('migrate --to 002_plays --json')
  t.equal(to.exit, 0)
  t.match(documentOf(to), {
    applied: ['001_songs', '002_plays'],
    database: { environment: 'production' },
    revision: {
      position: 'behind',
      current: '002_plays',
      head: '003_likes',
      pending: ['003_likes'],
      unknown: [],
    },
    verification: {
      status: 'as promised',
      compared: { table: 1, column: 3, constraint: 1 },
      differences: [],
    },
    gate: { action: 'warn', reasons: ['the database is 1 revision behind this build.'] },
  })
  const behind = await project.run('check --json')
  t.equal(behind.exit, 3)
  t.match(documentOf(behind), { error: { code: 'SCHEMA_BEHIND', facts: { pending: ['003_likes'] } } })

  const waiting = project.start('check --wait --timeout 10m')
  await waiting.said('The database is behind: 1 revision pending.')
  await project.migrate()
  t.match(await waiting.ended(), { exit: 0, stdout: '' })

  const down = await project.run('down')
  t.equal(down.exit, 0)
  t.equal(project.plain(down.stdout), 'app@db:5432/songs: reverted 003_likes\n')
  t.match(down.stderr, /^ {2}reverted {4}003_likes \(1 of 1\) {2}[\d.]+ m?s$/m)
  t.strictSame(documentOf(await project.run('down --to 001_songs --json')), { reverted: ['002_plays'] })
  const status = await project.run('status --json')
  t.equal(status.exit, 0)
  t.match(documentOf(status), {
    gate: { action: 'migrate' },
    revision: { current: '001_songs' },
    verification: { status: 'as promised' },
  })
  t.strictSame(documentOf(await project.run('down --to 001_songs --json')), { reverted: [] })
  const unread = project.start('status')
  unread.deafen()
  t.equal((await unread.ended()).exit, 0, 'a pipe that is closed early changes nothing')
  const failing = project.start('down --to 999_nothing')
  failing.deafen()
  t.equal((await failing.ended()).exit, 2, 'nor does it for an error that nobody reads')
})

t.test('a result that cannot be written is a failure', async (t) => {
  const full = await open('/dev/full', 'w').catch(() => null)
  if (full === null) {
    t.comment('this system has no /dev/full')
    return
  }
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', '--version'], {
    env: { ...process.env, ...uncounted },
    stdio: ['ignore', full.fd, 'pipe'],
  })
  const said = child.stderr === null ? '' : text(child.stderr)
  const ended = once(child, 'close')
  t.match(await said, 'ENOSPC')
  t.strictSame(await ended, [1, null])
  await full.close()
})

t.test('verify lists each difference, the worst first', async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate()
  await project.query(`alter table songs drop column title; alter table songs alter plays type text;
    drop table likes; create index songs_plays on songs (plays)`)
  const [text, json] = await Promise.all([project.run('verify'), project.run('verify --json')])
  t.equal(text.exit, 4)
  t.equal(
    project.plain(text.stdout),
    `app@db:5432/songs at 003_likes (current)

breaks
  missing table:public.likes
      expected  rowSecurity false, forceRowSecurity false
    queries on it fail
  missing column:public.likes.id
      expected  type integer, nullable true
    queries that name it fail
  changed column:public.songs.plays
    type
      expected  integer
      actual    text
    values of the promised type may not fit, or are returned in a different form
  missing column:public.songs.title
      expected  type text, nullable false
    queries that name it fail

harmless
  unexpected index:public.songs.songs_plays
      actual    definition CREATE INDEX songs_plays ON public.songs USING btree (plays), unique false, valid true
    this build does not use it

verified 2 tables, 4 columns, 1 constraint: 5 differences

to repair

-- proven: run in a scratch database on PostgreSQL ${await serverMajor()}, and read again

-- 3 statements in 1 step; what is between BEGIN and COMMIT is all or nothing, and holds its locks to its end
--   a step that waits more than 5 s for a lock fails, changes nothing, and can be run again
--   to watch it: SELECT pid, wait_event_type, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE datname = current_database()
--   to undo it: 3 statements, which --undo proves and prints, but only before this has run
--     undoing it loses the values of public.songs.title
--     undoing it loses the rows of public.likes

SET lock_timeout = '5s';
SET statement_timeout = 0;

BEGIN;
-- ACCESS EXCLUSIVE lock on public.songs: readers and writers wait
-- rewrites public.songs, 24 kB: readers and writers wait
-- fails when a value is not a valid integer
ALTER TABLE public.songs ALTER COLUMN plays TYPE integer USING plays::integer;
CREATE TABLE public.likes (
  id integer
);
-- fails when public.songs has rows
ALTER TABLE public.songs ADD COLUMN title text NOT NULL;
COMMIT;

-- Harmless, and left as it is; with --drop-unexpected it is dropped or changed back, too:
--   index:public.songs.songs_plays
`,
  )
  t.equal(json.exit, 4)
  t.match(documentOf(json), { verification: { status: 'differs' } })
})

const ignore = [
  { pattern: 'table:public.events_p*', reason: 'a job makes them every night' },
  'schema:audit',
  'index:public.songz.*',
]

t.test('ignored differences are counted and shown with their reason, and block nothing', async (t) => {
  const project = await createProject(
    t,
    {
      '001_songs': songs,
      '002_events': 'create table events (day date not null) partition by range (day)',
      '003_audit': {
        up: 'create schema if not exists audit; create table if not exists audit.log (id int)',
        down: 'drop table if exists audit.logs',
      },
    },
    { files: { config: { 'production.json': JSON.stringify({ VERIFY_IGNORE: ignore }) } } },
  )
  await project.query('create schema audit; create table audit.log (id text)')
  const unignored = await project.run('migrate', { VERIFY_IGNORE: 'schema:others' })
  t.equal(unignored.exit, 7, 'a difference that is not ignored is found before the commit')
  t.match(unignored.stderr, 'changed column:audit.log.id')
  const migrated = await project.run('migrate')
  t.equal(migrated.exit, 0)
  t.match(migrated.stderr, /^ {2}verified {4}.*: as promised, 1 difference ignored$/m)

  await project.query(`create table events_p1 partition of events for values from ('2026-01-01') to ('2026-02-01');
    create schema extra; comment on table songs is 'all of them';
    grant select on songs to pg_monitor`)
  const [text, json, status, annotated] = await Promise.all([
    project.run('verify'),
    project.run('verify --json'),
    project.run('status'),
    project.run('verify', { VERIFY_COMMENTS: 'true', VERIFY_GRANTS: 'true' }),
  ])
  t.equal(text.exit, 0)
  const shown = project.plain(text.stdout)
  t.match(
    shown,
    `app@db:5432/songs at 003_audit (current)

harmless
  unexpected schema:extra
    this build does not use it

ignored
  table:public.events_p*  2 differences  (a job makes them every night)
  schema:audit            1 difference

verified 3 tables, 4 columns, 1 constraint, 1 schema: 1 difference, 3 differences ignored
`,
  )
  t.match(
    shown,
    '\nnote: index:public.songz.* of VERIFY_IGNORE matches no object, neither promised nor in the database\n',
  )
  t.notMatch(shown, /events_p1|audit\.log/, 'the repairing SQL leaves ignored objects alone')
  t.match(documentOf(json), {
    verification: {
      status: 'differs',
      differences: [{ key: 'schema:extra' }],
      ignored: [
        {
          pattern: 'table:public.events_p*',
          reason: 'a job makes them every night',
          objects: ['table:public.events_p1', 'column:public.events_p1.day'],
        },
        { pattern: 'schema:audit', reason: null, objects: ['column:audit.log.id'] },
        { pattern: 'index:public.songz.*', reason: null, objects: [] },
      ],
    },
    notes: [/index:public\.songz/],
  })
  t.match(
    status.stdout,
    /^ignored {6}table:public\.events_p\* {2}2 differences {2}\(a job .*\)\n {13}schema:audit {12}1 difference$/m,
  )
  t.match(
    annotated.stdout,
    /changed table:public\.songs\n    comment\n      expected  none\n      actual    all of them\n    grants\n/,
  )

  t.equal((await project.run('down', { VERIFY_IGNORE: '[]' })).exit, 7)
  t.match(await project.run('down'), { exit: 0, stdout: /reverted 003_audit$/m })
})

t.test('snapshot writes the promise, and --check proves it', async (t) => {
  const project = await createProject(t, migrations, { snapshot: false })
  const missing = await project.run('snapshot --check')
  t.equal(missing.exit, 4)
  const made = await project.run('snapshot --json')
  t.equal(made.exit, 0)
  t.match(documentOf(made), { revisions: 3, undetermined: [] })
  const text = await project.read('migrations/schema.snapshot.json')
  t.match(text, /"column:public\.songs\.plays": \{"type":"integer","nullable":true,"\$position":3\}/)
  t.strictSame(await project.objects(), [], 'the database is not touched')

  const proved = await project.run('snapshot --check')
  t.equal(proved.exit, 0)
  t.equal(proved.stdout, 'The snapshot matches the migrations: 3 revisions.\n')
  await project.write({ '002_plays': { ...plays, up: 'alter table songs add column plays bigint' } })
  const stale = await project.run('snapshot --check')
  t.equal(stale.exit, 4)
  t.equal(
    project.plain(stale.stderr),
    `
SCHEMA_SNAPSHOT_STALE: The snapshot was not made from these migrations: it differs in 1 revision. Nothing was verified or migrated.

  folder   /songs/migrations
  stale    002_plays  edited since the snapshot was made

Do one of:
  schemagate snapshot   makes it again; commit it with the migrations
`,
  )
  t.equal(await project.read('migrations/schema.snapshot.json'), text, '--check writes nothing')

  const unreachable = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
  await project.write({ '002_plays': plays })
  t.match(
    await project.run('snapshot --check', unreachable),
    { exit: 0 },
    'the configured database is not asked',
  )
})

t.test('snapshot --check finds a snapshot that was edited by hand', async (t) => {
  const project = await createProject(t, migrations)
  const text = await project.read('migrations/schema.snapshot.json')
  const path = join(project.root, 'migrations/schema.snapshot.json')
  await writeFile(path, text.replace('plays": {"type":"integer"', 'plays": {"type":"text"'))
  const edited = await project.run('snapshot --check')
  t.equal(edited.exit, 4)
  t.equal(
    project
      .plain(edited.stderr.slice(edited.stderr.indexOf('SCHEMA_')))
      .replace(/PostgreSQL +\d+ in the snapshot, \d+ here/, 'PostgreSQL'),
    `SCHEMA_SNAPSHOT_STALE: A replay of the migrations gives a different catalog than the snapshot. Nothing was written.

  folder        /songs/migrations
  PostgreSQL
  differences   002_plays
                  changed column:public.songs.plays
                    type
                      expected  text
                      actual    integer

Do one of:
  schemagate snapshot   makes a new one; commit it with the migrations
`,
  )
})

t.test('new writes a migration that sorts last, in the language of the others', async (t) => {
  const project = await createProject(t, migrations, { snapshot: false })
  t.equal((await project.run('new Other_Things!')).stdout, 'migrations/004_other_things.js\n')
  t.equal(
    await project.read('migrations/004_other_things.js'),
    `// Runs in one transaction, which is verified before its commit. What it locks stays locked until then, and others
// wait: few statements, and no work on many rows. \`schemagate plan\` shows the locks. Outside a transaction, for
// CREATE INDEX CONCURRENTLY and for many rows, it has to bear being run twice:
// export const config = { transaction: false }
// import { createIndexSafely, ensureColumn, inBatches, setNotNullSafely } from 'schemagate/migrations'

export async function up(knex) {
  // await knex.schema.alterTable('songs', (table) => {
  //   A column that is NOT NULL needs a default, or it fails where there are rows.
  //   table.integer('plays').notNullable().defaultTo(0)
  // })
}

// Brings the catalog back to what it was; \`schemagate rehearse\` tries it. Delete it where there is no way back.
export async function down(knex) {
  // await knex.schema.alterTable('songs', (table) => {
  //   table.dropColumn('plays')
  // })
}

// What it promises of rows: false, or an error, rolls it back. It can only read. With rows alone to change, say so:
// export const config = { changes: 'rows' }
// export async function verify(knex) {
//   const [row] = await knex('songs').where('plays', '<', 0).limit(1)
//   return row === undefined
// }
`,
  )
  t.strictSame(documentOf(await project.run('new albums --ts --json')), {
    revision: '005_albums',
    file: 'migrations/005_albums.ts',
  })
  t.match(
    await project.read('migrations/005_albums.ts'),
    /^import type \{ Knex \} from 'knex'\n\n[^]*\nexport async function up\(knex: Knex\): Promise<void> \{\n[^]*\n\/\/ export async function verify\(knex: Knex\): Promise<boolean> \{\n/,
  )
  t.equal((await project.run('new more')).stdout, 'migrations/006_more.ts\n')
  t.equal((await project.run('migrate', { ON_UNVERIFIED: 'warn' })).exit, 0, 'what it writes can be loaded')
  const required = await createProject(t, migrations, {
    snapshot: false,
    files: { 'package.json': '{ "name": "songs" }' },
  })
  const { stdout } = await required.run('new more')
  t.match(
    await required.read(stdout.trim()),
    /\n\/\/ const \{ .* \} = require\('schemagate\/migrations'\)\n\nexports\.up = async function \(knex\) \{\n/,
  )
  const dated = await createProject(t, {}, { snapshot: false })
  t.match((await dated.run('new --js first')).stdout, /^migrations\/20\d{12}_first\.js\n$/)
})

t.test(
  'new takes the stub, its variables and the extension of the knexfile, as knex migrate:make does',
  async (t) => {
    const knexfile = `export default { client: 'pg', migrations: {
    extension: 'mjs', stub: './migration.stub', variables: { team: 'songs' } } }\n`
    const stub = `// Ask <%= d.team %> first.\nexport const up = async (knex) => {}\n`
    const files = { db: { 'knexfile.js': knexfile, 'migration.stub': stub } }
    const project = await createProject(t, {}, { snapshot: false, files })
    const made = await project.run('new first --knexfile db/knexfile.js')
    t.match(made.stdout, /^db\/migrations\/20\d{12}_first\.mjs\n$/)
    t.equal(
      await project.read(made.stdout.trim()),
      '// Ask songs first.\nexport const up = async (knex) => {}\n',
    )
    await rm(join(project.root, 'db/migration.stub'))
    const refused = await project.run('new second --knexfile db/knexfile.js')
    t.match(refused, {
      exit: 2,
      stderr: /SCHEMA_KNEXFILE_INVALID: .*its migrations\.stub "\.\/migration\.stub": ENOENT/,
    })
  },
)

t.test('status --all shows each environment, even if one cannot be reached', async (t) => {
  const other = await createDatabase(t)
  const config = {
    'demo.json': '{}',
    'production.json': '{}',
    'staging.json': '{ "DATABASE_URL": "postgres://shop:hidden-4711@127.0.0.1:1/shop" }',
  }
  const project = await createProject(t, migrations, { files: { config } })
  await project.migrate()
  const { DATABASE_URL: own = '', ...rest } = project.env
  const place = {
    cwd: project.root,
    env: { ...rest, DATABASE_URL_PRODUCTION: own, DATABASE_URL_DEMO: other },
  }
  const [text, json] = await Promise.all([
    run(t, ['status', '--all'], place),
    run(t, ['status', '--all', '--json'], place),
  ])
  t.equal(text.exit, 8)
  const rows = project.plain(text.stdout).replace(/\S+\/test_\w+/, 'app@db:5432/demo')
  t.equal(
    rows.replaceAll(/ +/g, ' '),
    `environment database position current pending verified identity gate
demo app@db:5432/demo empty none 3 nothing promised none migrate
production app@db:5432/songs current 003_likes 0 as promised songs production serve
staging shop@127.0.0.1:1/shop - - - - - SCHEMA_DATABASE_UNREACHABLE: Nothing answers at 127.0.0.1:1.
`,
  )
  t.notMatch(json.stdout, 'hidden-4711')
  t.match(documentOf(json), {
    environments: [
      { environment: 'demo', exit: 0, document: { gate: { action: 'migrate' } } },
      { environment: 'production', exit: 0, document: { revision: { position: 'current' } } },
      { environment: 'staging', exit: 8, document: { error: { code: 'SCHEMA_DATABASE_UNREACHABLE' } } },
    ],
  })
})

t.test('url and exec hand the database to other programs, and its password to nobody else', async (t) => {
  const project = await createProject(t, migrations, { snapshot: false })
  t.match(await runHere(project, 'url'), { exit: 0, text: project.url, document: { url: project.url } })
  t.match(
    await runHere(project, 'url', { env: { NODE_ENV: 'test', DATABASE_URL_TEST: `${project.url}x` } }),
    {
      text: `${project.url}x`,
    },
  )

  const { hostname, port, username, password, pathname } = new URL(project.url)
  const wanted = {
    DATABASE_URL: project.url,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
    PGSSLMODE: 'require',
  }
  const script = `const given = ${JSON.stringify(wanted)}
    const same = Object.entries(given).every(([name, value]) => process.env[name] === value)
    process.exit(same && process.env.PGSERVICE === undefined ? 7 : 1)`
  const node = (code: string): readonly string[] => ['exec', '--', process.execPath, '--eval', code]
  const env = { ...project.env, DATABASE_SSL: 'no-verify', PGSERVICE: 'other' }
  t.match(await call(node(script), { root: project.root, env }), { exit: 7, text: '' })
  t.match(await runHere(project, 'exec -- nowhere-4711'), { exit: 2, text: /could not be started: ENOENT/ })
  t.match(await runHere(project, 'exec'), { exit: 2, text: /COMMAND is missing/ })
  const running = start(
    t,
    node(`process.on('SIGTERM', () => process.exit(9)); console.log('up'); setInterval(() => {}, 1e3)`),
    {
      cwd: project.root,
      env: project.env,
    },
  )
  await running.said('up')
  running.kill('SIGTERM')
  t.match(await running.ended(), { exit: 9 }, 'it gets the signal, and we its exit code')
})

t.test('the variables of libpq for a connection', async (t) => {
  const variables = (url: string, ssl: string | null = null) =>
    libpqEnvironment({ url, ssl, applicationName: 'schemagate' })
  t.strictSame(variables('postgres://app@db/shop?sslmode=no-verify&options=-csearch_path%3Da'), {
    PGHOST: 'db',
    PGPORT: '5432',
    PGUSER: 'app',
    PGDATABASE: 'shop',
    PGSSLMODE: 'require',
    PGOPTIONS: '-csearch_path=a',
  })
  t.match(variables('postgres://app:a%2Fb@localhost/shop?host=/run', 'verify'), {
    PGHOST: '/run',
    PGPASSWORD: 'a/b',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: 'system',
  })
  t.match(variables('postgres://app@db/shop', '/etc/ca.pem'), { PGSSLROOTCERT: '/etc/ca.pem' })
  t.match(variables('postgres://app@db/shop?sslmode=require', 'disable'), { PGSSLMODE: 'disable' })
})
