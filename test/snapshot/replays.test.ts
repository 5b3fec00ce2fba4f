import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import createKnex from 'knex'
import t, { type Test } from 'tap'
import type { Snapshot } from '../../src/core/model/snapshot.js'
import type { Progress } from '../../src/core/progress/events.js'
import { describeError, SchemaError } from '../../src/errors/schema-error.js'
import type { Connection } from '../../src/postgres/connection/connect.js'
import { findScratch } from '../../src/postgres/scratch/scratch.js'
import { loadProject } from '../../src/project/knexfile.js'
import { listMigrations } from '../../src/project/migration-files.js'
import { replay } from '../../src/snapshot/replay.js'
import { call, runHere } from '../support/command.js'
import { createDatabase, query } from '../support/database.js'
import { createProject } from '../support/project.js'

const server = await createDatabase(t)
const connection: Connection = { url: server, ssl: null, applicationName: 'test' }
const named = await findScratch({ scratch: connection, embedded: async () => connection, prelude: null })
const embedded = await findScratch({ scratch: null, embedded: async () => connection, prelude: null })

const uniqueName = (): string => `test_${randomBytes(6).toString('hex')}`

interface Replayed {
  readonly error: string
  readonly snapshot: Snapshot | null
  readonly events: readonly Progress[]
}

/** Replays migrations by their code, each an `up`. */
async function replayOn(
  t: Test,
  scratch: typeof named,
  ups: Readonly<Record<string, string>>,
): Promise<Replayed> {
  const files = Object.entries(ups).map(([name, code]) => [`${name}.js`, code])
  const root = t.testdir({ 'package.json': '{ "type": "module" }', migrations: Object.fromEntries(files) })
  const project = await loadProject({ root, directories: null, knexfile: null, sections: [] })
  const events: Progress[] = []
  const report = (progress: Progress): void => void events.push(progress)
  try {
    const snapshot = await replay({
      scratch,
      project,
      migrations: await listMigrations(project),
      serviceSchemas: [],
      report,
      signal: undefined,
    })
    return { error: '', snapshot, events }
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    return { error: describeError(error), snapshot: null, events }
  }
}

const raw = (sql: string): string => `export const up = (knex) => knex.raw(${JSON.stringify(sql)})\n`

const settingsQuery = `select setrole::regrole::text as role, setconfig from pg_db_role_setting where setdatabase = 0 order by 1`

t.test(
  'what migrations make on the server does not stay, and does not disturb the second replay',
  async (t) => {
    const [reader, writer] = [uniqueName(), uniqueName()]
    const before = await query(server, settingsQuery)
    const { error, snapshot } = await replayOn(t, named, {
      '001_roles': raw(`create role ${reader}; create role ${writer} in role ${reader};
      create table songs (id int); grant select on songs to ${reader}; alter table songs owner to ${writer}`),
      '002_settings': raw(
        `alter role ${writer} set statement_timeout to '1min'; alter role current_user set gin_fuzzy_search_limit to 0`,
      ),
    })
    t.equal(error, '')
    t.equal(snapshot?.revisions.length, 2)
    t.strictSame(await query(server, `select from pg_roles where rolname in ('${reader}', '${writer}')`), [])
    t.strictSame(await query(server, settingsQuery), before)
  },
)

t.test('what a replay made before it failed does not stay', async (t) => {
  const [first, second] = [uniqueName(), uniqueName()]
  const { error } = await replayOn(t, embedded, {
    '001_first': raw(`create role ${first}; create table songs (id int)`),
    '002_second': `export const config = { transaction: false }
      export async function up(knex) { await knex.raw('create role ${second}'); await knex.raw('drop table gone') }`,
  })
  t.match(error, /^SCHEMA_MIGRATION_FAILED: Replaying /)
  t.strictSame(await query(server, `select from pg_roles where rolname in ('${first}', '${second}')`), [])
})

t.test('roles that migrations only name are made on the embedded server, and not on another', async (t) => {
  const [reader, admin] = [uniqueName(), uniqueName()]
  const ups = {
    '001_songs': raw(`create table songs (id int); grant select on songs to ${reader};
      alter default privileges for role ${admin} grant select on tables to ${reader}`),
  }
  const { error, events } = await replayOn(t, embedded, ups)
  t.equal(error, '')
  t.strictSame(
    events.filter(({ event }) => event === 'scratch role made'),
    [reader, admin].map((role) => ({ event: 'scratch role made', role })),
  )
  t.strictSame(await query(server, `select from pg_roles where rolname in ('${reader}', '${admin}')`), [])
  const told = (await replayOn(t, named, ups)).error
  t.match(
    told,
    new RegExp(`Do one of:\\n +create role "${reader}" +on the scratch server, which gets no role unasked`),
  )
  await query(server, String(/^ +(create role \S+) /m.exec(told)?.[1]))
  t.match((await replayOn(t, named, ups)).error, `create role "${admin}"`)
  await query(server, `drop role ${reader}`)
})

const knexfile = `export default { client: 'pg', searchPath: ['app', 'public'] }\n`

t.test('a schema that the service creates before it migrates is there in a replay', async (t) => {
  const project = await createProject(
    t,
    { '001_songs': ['create table app.songs (id int)', 'create table artists (id int)'] },
    { files: { 'knexfile.js': knexfile } },
  )
  const text = await project.read('migrations/schema.snapshot.json')
  t.match(text, /"table:app\.artists"/)
  const missing = await runHere(project, 'migrate')
  t.equal(
    project.plain(missing.text),
    `SCHEMA_LEDGER_MISPLACED: The searchPath names schema app, which no migration creates and this database does not have: Knex would create everything in schema public. Nothing was done.

  database     app@db:5432/songs
  searchPath   app, public

Do one of:
  create schema app        as the service does before it migrates
  searchPath, schemaName   in the knexfile name the schema
  schemagate snapshot      with no earlier file, and with a database that Knex built without the schema: it is promised like that`,
  )
  t.match(await runHere(project, 'status'), { exit: 6 }, 'as migrate would')
  await project.query('create schema app')
  t.match(await runHere(project, 'init'), { exit: 0 }, 'of a database with nothing but that schema')
  t.match(await runHere(project, 'check'), { exit: 0 })
})

t.test('a schema of the searchPath that the database lacks is in no replay', async (t) => {
  const project = await createProject(
    t,
    { '001_songs': { up: 'create table songs (id int)', down: 'drop table songs' } },
    { snapshot: false, files: { 'knexfile.js': knexfile } },
  )
  const directory = join(project.root, 'migrations')
  const plain = createKnex({ client: 'pg', connection: project.url, searchPath: ['app', 'public'] })
  t.teardown(() => plain.destroy())
  await plain.migrate.latest({ directory })
  const made = await runHere(project, 'snapshot')
  t.match(made, { exit: 0, text: /: 1 revision/ })
  t.ok(
    made.events.some(
      ({ event, ...rest }) => event === 'note' && /is in no replay/.test(JSON.stringify(rest)),
    ),
  )
  t.match(await project.read('migrations/schema.snapshot.json'), /"table:public\.songs"/)
  t.match(await runHere(project, 'check'), { exit: 0 })
  const elsewhere = { root: project.root, env: { ...project.env, DATABASE_URL: await createDatabase(t) } }
  for (const line of ['snapshot --check', 'snapshot', 'migrate', 'verify'])
    t.match(await call(line.split(' '), elsewhere), { exit: 0 }, `${line}, with an empty database`)
})

t.test('a schema of the searchPath that a migration creates is promised by it', async (t) => {
  for (const create of ['create schema if not exists app', 'create schema app']) {
    const project = await createProject(
      t,
      { '001_app': create, '002_songs': 'create table songs (id int)' },
      { files: { 'knexfile.js': knexfile } },
    )
    t.match(await project.read('migrations/schema.snapshot.json'), /"001_app"[^]*"schema:app"[^]*"002_songs"/)
  }
})

t.test('an empty schema that a revision creates does not keep init from building a database', async (t) => {
  const project = await createProject(t, {
    '001_app': ['create schema app', 'create table app.songs (id int)'],
  })
  await project.query('create schema app')
  t.match(await runHere(project, 'init'), { exit: 0 })
  t.match(await runHere(project, 'check'), { exit: 0 })
})

t.test('a prelude makes in scratch databases what the service creates before it migrates', async (t) => {
  const project = await createProject(
    t,
    { '001_songs': 'create table songs (id int, mood music.mood)' },
    {
      snapshot: false,
      files: {
        'before.sql': `create schema music; create type music.mood as enum ('sad')`,
        'broken.sql': 'creat',
      },
    },
  )
  const place = { root: project.root, env: project.env }
  t.match(
    (await call(['snapshot'], place)).text,
    /SCRATCH_PRELUDE=FILE\.sql +creates in scratch databases whatever it creates before/,
  )
  const env = { ...project.env, SCRATCH_PRELUDE: 'before.sql' }
  t.match(await call(['snapshot'], { ...place, env }), { exit: 0 })
  const [base = '', revisions] = (await project.read('migrations/schema.snapshot.json')).split('"revisions"')
  t.match(base, /"enum:music\.mood"/)
  t.notMatch(revisions, /"enum:music\.mood": /)
  t.match(await runHere(project, 'init', { env }), { exit: 0 })
  t.match(await call(['snapshot'], { ...place, env: { ...env, SCRATCH_PRELUDE: 'broken.sql' } }), {
    exit: 2,
    text: /^SCHEMA_SOURCE_INVALID: The prelude of scratch databases could not be run: syntax error/,
  })
})

const dated = `const day = () => new Date().toISOString().slice(0, 10).replaceAll('-', '')
export async function up(knex) {
  await knex.raw('create table records (id int, made_at timestamp default \\'' + new Date().toISOString() + '\\')')
  await knex.raw('create table records_seen_' + day() + ' (id int primary key)')
}
`

t.test('what is named or made from the date is not promised, and what hides it is said', async (t) => {
  const { error, snapshot, events } = await replayOn(t, named, { '001_records': dated })
  t.equal(error, '')
  const [now] = await query(server, `select extract(year from now() at time zone 'utc')::int as year`)
  t.equal(new Date().getUTCFullYear(), now?.['year'], 'it is another day for migrations alone')
  const [revision] = snapshot?.revisions ?? []
  t.strictSame(
    Object.keys(revision?.changes ?? {}).filter((key) => key.includes('records_seen')),
    [],
  )
  t.strictSame(revision?.undetermined, { 'column:public.records.made_at': ['default'] })
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  t.match(
    events.find(({ event }) => event === 'names differ'),
    {
      objects: [
        {
          revision: '001_records',
          key: `table:public.records_seen_${today}`,
          pattern: 'table:public.records_seen_2*',
        },
      ],
    },
  )
})

t.test(
  'a migration that uses a database of its own writes to the scratch database in a replay',
  async (t) => {
    const url = await createDatabase(t)
    await query(url, 'create table visits (id int)')
    const { hostname, port, username, password, pathname } = new URL(url)
    const literal = JSON.stringify({
      host: hostname,
      port: Number(port),
      user: username,
      password,
      database: pathname.slice(1),
    })
    const sources: Readonly<Record<string, string>> = {
      'a literal': literal,
      'the environment': '{ connectionString: process.env.APP_URL }',
      'the variables of libpq': 'process.env.PGDATABASE === undefined ? NEVER : {}',
    }
    const variables = { APP_URL: url }
    Object.assign(process.env, variables)
    t.teardown(async () => void Reflect.deleteProperty(process.env, 'APP_URL'))
    for (const [index, [name, config]] of Object.entries(sources).entries()) {
      const { error, events, snapshot } = await replayOn(t, named, {
        '001_visits': raw('create table visits (id int)'),
        [`002_first_${index}`]: `import pg from 'pg'
        export const config = { changes: 'rows' }
        const pool = new pg.Pool(${config})
        export async function up(knex) {
          await pool.query('insert into visits values (1)')
          const { rows } = await pool.query('select count(*)::int as visits from visits')
          if (rows[0].visits !== 1) throw new Error('it is not the scratch database')
        }\n`,
      })
      t.equal(error, '', name)
      t.equal(snapshot?.revisions.length, 2)
      t.equal(process.env['APP_URL'], url, 'the environment is as before')
      if (name === 'a literal')
        t.match(
          events.find(({ event }) => event === 'connection redirected'),
          {
            address: `${username}@${hostname}:${port}${pathname}`,
          },
        )
    }
    t.strictSame(await query(url, 'select * from visits'), [])
  },
)
