import { readFileSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { CommandResult } from '../../src/cli/commands/command.js'
import { run as runNew } from '../../src/cli/commands/new.js'
import { loadConfig } from '../../src/config/load.js'
import { describeError, SchemaError } from '../../src/errors/schema-error.js'
import { createDatabase, query, serverMajor } from '../support/database.js'
import { createProject, type Project } from '../support/project.js'

const read = (path: string): string => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')
const models = read('example/models.js')
const songs = { code: read('example/migrations/20261121100000_create_songs.js') }
const ran = `proven: run in a scratch database on PostgreSQL ${await serverMajor()}`
/** Later than the clock of any machine, so that the next migration gets this time plus one. */
const migrations = { '20991121100000_create_songs': songs }

interface DraftRequest {
  readonly name?: string
  readonly env?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, string | boolean>>
}

/** Calls `schemagate new` in this process. */
async function make(
  project: Project,
  from: string,
  { name = 'draft', env = {}, options = {} }: DraftRequest = {},
): Promise<CommandResult> {
  const config = loadConfig({ root: project.root, env: { ...project.env, ...env } })
  return runNew({
    config,
    options: { from, ...options },
    positionals: [name],
    environment: env,
    report: () => {},
    signal: new AbortController().signal,
    printMessage: () => {},
    ask: null,
    loadConfigFor: () => config,
  })
}

/** Removes the lines that throw, as a person does after reading the draft. */
async function removeThrows(project: Project, file: string): Promise<void> {
  const text = await project.read(file)
  await writeFile(join(project.root, file), text.replaceAll(/^ {2}throw new Error\(.*\)\n/gm, ''))
}

/** The file that a result names. */
function fileOf({ document }: CommandResult): string {
  const found: unknown = typeof document === 'object' && document !== null ? Object(document).file : null
  return String(found)
}

async function refused(t: Test, made: Promise<CommandResult>): Promise<string> {
  const error: unknown = await made.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(error instanceof SchemaError)) throw new Error('a SchemaError was expected', { cause: error })
  t.ok(error.exitCode > 0)
  return describeError(error)
}

t.test('models are drafted, promised, and then nothing is left', async (t) => {
  const project = await createProject(t, migrations, { files: { 'models.js': models } })
  const made = await project.run('new add_likes --from models:models.js')
  t.strictSame(made, {
    exit: 0,
    stdout: `migrations/20991121100001_add_likes.js: drafted from models:models.js

  changes   + 1 table, 4 columns, 2 constraints, 1 index, 1 sequence
  up        7 statements
  down      2 statements
            loses the values of public.songs.plays
            loses the rows of public.likes
  proof     ${ran}, with rows in 1 table, and read again

Next:
  read it                                     and correct it where necessary; down throws until you remove the lines that say so
  schemagate snapshot                         runs it in a scratch database and records what it promises
  schemagate diff snapshot models:models.js   then shows whether any difference is left
`,
    stderr: '',
  })
  const file = 'migrations/20991121100001_add_likes.js'
  const draft = await project.read(file)
  const shown = draft.replaceAll('20991121', '20261121')
  t.ok(read('drafting.md').includes(`\`\`\`js\n${shown}\`\`\`\n`), 'the documentation has this very draft')
  t.ok(
    read('drafting.md').includes(`\`\`\`js\n${models.slice(models.indexOf('export'))}\`\`\`\n`),
    'and the models',
  )
  t.match(
    await refused(t, make(project, 'models:models.js')),
    /^SCHEMA_SNAPSHOT_STALE: [^]*20991121100001_add_likes/,
  )
  await project.rebuild({})
  t.match(await make(project, 'models:models.js'), {
    exit: 0,
    text: 'The snapshot at head and models:models.js do not differ. Nothing was written.',
    document: { revision: null, file: null },
  })
  t.equal((await readdir(join(project.root, 'migrations'))).length, 3, 'two migrations and the snapshot')
  await project.migrate()
  const thrown = await project.run('down')
  t.equal(thrown.exit, 7)
  t.match(thrown.stderr, '20991121100001_add_likes: down loses data. Remove this line if that is intended.')
  await removeThrows(project, file)
  await project.rebuild({})
  t.equal((await project.run('down')).exit, 0)
  t.strictSame(await project.query('select * from songs'), [])
})

t.test('what was changed by hand is drafted for the other databases, and recorded in its own', async (t) => {
  const project = await createProject(t, migrations)
  t.equal(
    project.plain(await refused(t, make(project, 'database'))),
    `SCHEMA_BEHIND: The database is behind this build. A draft would also contain what the migrations in between make. Nothing was written.

  database   app@db:5432/songs  (environment production)
  current    none
  head       20991121100000_create_songs

Do one of:
  schemagate migrate   applies the pending revisions; then draft again`,
  )
  await project.migrate()
  await project.query(`alter table songs drop column title; create type mood as enum ('sad', 'ok');
    alter table songs add column mood mood not null default 'ok'; create index on songs (mood); comment on column songs.mood is 'felt';
    create table scratched (id int)`)
  const ignoring = { env: { VERIFY_IGNORE: 'table:public.scratched' }, name: 'by_hand' }
  const made = await make(project, 'database', ignoring)
  t.equal(
    project.plain(made.text),
    `migrations/20991121100001_by_hand.js: drafted from app@db:5432/songs

  changes       + 1 enum, 1 column, 1 index; - 1 column
  up            5 statements
                loses the values of public.songs.title
  down          4 statements
                loses the values of public.songs.mood
  transaction   none: 2 statements run only outside a transaction; --no-concurrently drafts indexes that run inside one
  up proof      ${ran}, with rows in 1 table, and read again
  down proof    ${ran}, and read again
  ignored       2 differences, by VERIFY_IGNORE

Next:
  read it                             and correct it where necessary; up and down throw until you remove the lines that say so
  schemagate snapshot                 runs it in a scratch database and records what it promises
  schemagate diff snapshot database   then shows whether any difference is left

app@db:5432/songs already has what the migration makes, so running it there would fail.
When the migration is final, record it there instead:

  schemagate stamp 20991121100001_by_hand

This records it only if the database has everything that the migration promises.`,
  )
  const snapshot = await project.run('snapshot')
  t.equal(snapshot.exit, 7)
  t.match(snapshot.stderr, '20991121100001_by_hand: up loses data. Remove this line if that is intended.')
  await removeThrows(project, fileOf(made))
  await project.query('drop table scratched')
  await project.rebuild({})
  t.equal((await project.run('stamp 20991121100001_by_hand')).exit, 0, 'the revision is true, and recorded')
  const other = await createDatabase(t)
  t.equal(
    (await project.run('migrate', { DATABASE_URL: other })).exit,
    0,
    'a different database gets the change by migrating',
  )
  t.equal((await query(other, `select 'ok'::mood`)).length, 1)
  const ahead = await createProject(t, { '001_other': 'create table other (id int)' })
  const elsewhere = { env: { DATABASE_URL: project.url } }
  t.match(await refused(t, make(ahead, 'database', elsewhere)), /^SCHEMA_WRONG_DATABASE: /)
})

t.test('a project without migrations gets its first one, from a database without a ledger too', async (t) => {
  const project = await createProject(
    t,
    {},
    { snapshot: false, files: { 'schema.sql': 'create table songs (id int)' } },
  )
  const first = await make(project, 'sql:schema.sql', { options: { ts: true } })
  t.match(
    await project.read(fileOf(first)),
    "  await knex.schema.createTable('songs', (table) => {\n    table.integer('id')\n",
  )
  t.match(first.text, 'drafted from sql:schema.sql')
  const legacy = await createProject(t, {}, { snapshot: false })
  await legacy.query('create table songs (id int primary key)')
  const made = await make(legacy, 'database', { name: 'baseline' })
  await removeThrows(legacy, fileOf(made))
  await legacy.rebuild({})
  const [, recording = ''] = /^ {2}schemagate (stamp \w+)$/m.exec(made.text) ?? []
  t.equal((await legacy.run(recording)).exit, 0)
  t.match((await legacy.run('migrate --json')).stdout, /"position": "current"/)
})

t.test('the document has the plans, their losses and what is ignored', async (t) => {
  const project = await createProject(
    t,
    { '001_songs': 'create table songs (id int, at date); create table plays (id int)' },
    {
      files: { 'schema.sql': 'create table songs (id int primary key, at boolean)' },
    },
  )
  const commandLine = 'new draft --from sql:schema.sql --no-concurrently --json'
  const { exit, stdout } = await project.run(commandLine)
  t.equal(exit, 0)
  const { up, down, ...rest } = JSON.parse(stdout)
  t.strictSame(rest, {
    revision: '002_draft',
    file: 'migrations/002_draft.js',
    source: 'sql:schema.sql',
    transaction: true,
    losses: { up: ['the rows of public.plays'], down: [] },
    ignored: [],
  })
  t.match(up.refused, [{ key: 'column:public.songs.at', reason: 'there is no cast from date to boolean' }])
  t.match(up.statements.at(-1), { key: 'constraint:public.songs.songs_pkey', transactional: true })
  t.equal(down.refused.length, 1)
  t.match(
    await project.read('migrations/002_draft.js'),
    "  await knex.schema.alterTable('songs', (table) => {\n",
  )
})

t.test('an error says why a migration cannot be drafted', async (t) => {
  const project = await createProject(t, migrations, { snapshot: false })
  t.equal(
    await refused(t, make(project, 'snapshot')),
    `SCHEMA_USAGE: A migration cannot be drafted from "snapshot". Nothing was written.

Do one of:
  --from database      what was changed in the configured database by hand
  --from models:FILE   what a module's default export builds with Knex's schema builder
  --from sql:FILE      what a file of SQL builds`,
  )
  t.match(
    await refused(t, make(project, 'sql:schema.sql')),
    /^SCHEMA_SNAPSHOT_STALE: There is no snapshot yet for 1 revision\./,
  )
  await project.rebuild({})
  t.match(
    await refused(t, make(project, 'sql:schema.sql')),
    /^SCHEMA_SOURCE_INVALID: schema.sql could not be read/,
  )
  const empty = await project.run('new empty --no-concurrently')
  t.match(empty, { exit: 2, stderr: /--no-concurrently is only for a draft, and --from is missing/ })
  t.strictSame((await readdir(join(project.root, 'migrations'))).length, 2, 'nothing was written')
})
