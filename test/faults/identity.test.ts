import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { askOnTerminal } from '../../src/cli/commands/confirm.js'
import { type Outcome, runHere } from '../support/command.js'
import { createDatabase, query, type Row } from '../support/database.js'
import { createServer } from '../support/own-server.js'
import { type Environment, eventually, logOf } from '../support/process.js'
import { createProject, type Migrations, type Project } from '../support/project.js'

t.jobs = 2

const songs = {
  up: 'create table songs (id int primary key, title text not null)',
  down: 'drop table songs',
}
const added = (column: string) => ({
  up: `alter table songs add column ${column} int`,
  down: `alter table songs drop column ${column}`,
})
const migrations: Migrations = {
  '001_songs': songs,
  '002_plays': added('plays'),
  '003_likes': added('likes'),
}
const albums: Migrations = { '001_albums': 'create table albums (id int)' }
const removed = { '001_songs': null, '002_plays': null, '003_likes': null }

const ofStaging = { ENV_TARGET: 'staging' }
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Whose a database is, one row for each time that was written. */
const owners = (url: string): Promise<readonly Row[]> =>
  query(
    url,
    `select event, detail #>> '{identity,service}' as service, detail #>> '{identity,environment}' as environment
      from schemagate_ledger where revision is null order by id`,
  )
const identified = (service: string, environment: string) => ({ event: 'identified', service, environment })

/** Everything a command could have written: what there is, and every row of the ledgers. */
async function everythingAt(url: string): Promise<unknown> {
  const objects = await query(
    url,
    `select c.oid, c.relname, a.attname, a.atttypid from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by c.oid, a.attnum`,
  )
  const tables = ['schemagate_ledger', 'knex_migrations', 'knex_migrations_lock']
  const rows = tables.map(async (table) => {
    const [found] = await query(url, `select to_regclass('${table}') is not null as there`)
    return found?.['there'] === true ? query(url, `select * from ${table} order by 1`) : null
  })
  return [objects, await Promise.all(rows)]
}

interface Wrong {
  readonly name: string
  readonly arrange: (project: Project) => Promise<unknown>
  readonly env?: Environment
  /** MIGRATION_DATABASE_URL is that of another database, which must stay as it is, too. */
  readonly elsewhere?: true
  readonly commands?: readonly string[]
  readonly says: string | RegExp
}

/** Every command that would write, and the one that says whether this build may serve. */
const refusing = (head: string) => [
  'serve',
  'migrate',
  'check --wait --timeout 60s',
  'down',
  `down --to ${head}`,
  'init',
  'repair --confirm production',
]

const wrong: readonly Wrong[] = [
  {
    name: "another environment's database",
    arrange: ({ migrate }) => migrate('002_plays'),
    env: ofStaging,
    says: `SCHEMA_WRONG_DATABASE: the database belongs to service "songs" in environment "production", and this is service "songs" in environment "staging". CONSEQUENCE

  database     app@db:5432/songs
  belongs to   service songs, environment production  (since WHEN)
  this is      service songs, environment staging

Do one of:
  schemagate config       shows where the database URL comes from, if it leads to the wrong database
  ENV_TARGET=production   if this process is for that environment
  schemagate adopt        gives the database to this service and environment, if it changed hands or is a copy`,
  },
  {
    name: "another service's database",
    arrange: ({ migrate }) => migrate(),
    env: { SERVICE_NAME: 'albums' },
    says: /^SCHEMA_WRONG_DATABASE: the database belongs to service "songs" .*, and this is service "albums" .*\n {2}SERVICE_NAME=songs +if this is/s,
  },
  {
    name: "another environment's database, of which everything was reverted",
    arrange: async (project) => {
      await project.migrate('001_songs')
      await runHere(project, 'down')
    },
    env: ofStaging,
    says: /^SCHEMA_WRONG_DATABASE: the database belongs to service "songs" in environment "production"/,
  },
  {
    name: 'a database whose first migration was killed before Knex had made its ledger',
    arrange: async ({ migrate, query }) => {
      await migrate('001_songs')
      await query('drop table songs, knex_migrations, knex_migrations_lock')
    },
    env: ofStaging,
    says: /^SCHEMA_WRONG_DATABASE: the database belongs to service "songs" in environment "production"/,
  },
  {
    name: 'a ledger of Knex none of whose revisions this build knows',
    commands: refusing('003_likes'),
    arrange: ({ query }) =>
      query(`create table albums (id int);
        create table knex_migrations (id serial, name text, batch int, migration_time timestamptz);
        insert into knex_migrations (name) values ('20200101_albums.js')`),
    says: /^SCHEMA_WRONG_DATABASE: the database records revisions, and this build knows none of them\. .*\n {2}unknown +20200101_albums\n/s,
  },
  {
    name: 'a ledger of other migrations, of the same service and environment',
    arrange: async ({ migrate, rebuild }) => {
      await migrate()
      await rebuild({ ...removed, ...albums })
    },
    commands: refusing('001_albums'),
    says: /^SCHEMA_WRONG_DATABASE: the database records revisions, and this build knows none of them\./,
  },
  {
    name: 'a MIGRATION_DATABASE_URL that leads elsewhere',
    arrange: ({ migrate }) => migrate('002_plays'),
    elsewhere: true,
    commands: ['serve', 'migrate', 'down', 'init', 'repair --confirm production'],
    says: `SCHEMA_WRONG_DATABASE: MIGRATION_DATABASE_URL and DATABASE_URL reach different databases: the service would not see what is migrated. CONSEQUENCE

  migrating   app@db:5432/elsewhere
  service     app@db:5432/songs

Do one of:
  schemagate config        shows where each URL comes from
  MIGRATION_DATABASE_URL   names the same database with another role, or past a pooler; without it DATABASE_URL migrates`,
  },
]

const addressAt = (url: string) => new RegExp(`\\w+@[^/]+${new URL(url).pathname}`)
const consequences =
  /(Nothing was done|The service did not start|Nothing was applied|This build may not serve on it)\./

for (const { name, arrange, env = {}, elsewhere, commands, says } of wrong)
  t.test(`refuses ${name}, before anything is written`, async (t) => {
    const project = await createProject(t, migrations)
    await arrange(project)
    const other = await createDatabase(t)
    const given = elsewhere === true ? { ...env, MIGRATION_DATABASE_URL: other } : env
    const look = () => Promise.all([everythingAt(project.url), everythingAt(other)])
    const plain = ({ text }: Outcome) =>
      project
        .plain(text)
        .replace(addressAt(other), 'app@db:5432/elsewhere')
        .replace(consequences, 'CONSEQUENCE')
        .replace(/since \S+Z/, 'since WHEN')
    const before = await look()
    for (const command of commands ?? [...refusing('003_likes'), 'stamp 003_likes --confirm production']) {
      const outcome = await runHere(project, command, { env: given })
      t.equal(outcome.exit, 6, command)
      if (typeof says === 'string') t.equal(plain(outcome), says, command)
      else t.match(plain(outcome), says, command)
      t.strictSame(await look(), before, `${command} has written nothing`)
    }
  })

t.test('a database learns whose it is at its first migration, once', async (t) => {
  const project = await createProject(t, migrations)
  await Promise.all([1, 2, 3].map(() => project.migrate('001_songs')))
  const [first] = await project.query(`select * from schemagate_ledger order by id limit 1`)
  t.match(first, {
    event: 'identified',
    revision: null,
    host: 'replica-1',
    detail: { identity: { id: uuid, service: 'songs', environment: 'production' } },
  })
  await project.migrate()
  await runHere(project, 'down')
  t.strictSame(await owners(project.url), [identified('songs', 'production')])

  const built = await createProject(t, migrations)
  t.match((await runHere(built, 'init')).events, [
    { event: 'identified', identity: { service: 'songs', environment: 'production' } },
  ])
  t.strictSame(await owners(built.url), [identified('songs', 'production')])
})

t.test('what is refused leaves neither a ledger nor an identity', async (t) => {
  const other = 'create table invoices (id int)'
  const broken = { code: 'export const up = 1\n' }
  const refusals: Readonly<Record<string, Arrangement>> = {
    'init of a database that is not empty': { line: 'init', before: other, code: 'SCHEMA_NOT_EMPTY' },
    'migrate with tables of others': { line: 'migrate', before: other, code: 'SCHEMA_UNMANAGED' },
    'migrate with a file that cannot be loaded': {
      line: 'migrate',
      migrations: { '004_broken': broken },
      env: { ON_UNVERIFIED: 'warn', NODE_ENV: 'development' },
      code: 'SCHEMA_MIGRATION_UNLOADABLE',
    },
    'stamp of what is not true': {
      line: 'stamp 002_plays --yes',
      before: other,
      code: 'SCHEMA_STAMP_UNTRUE',
    },
  }
  for (const [name, { line, before = '', migrations: more = {}, env = {}, code }] of Object.entries(
    refusals,
  )) {
    const project = await createProject(
      t,
      { ...migrations, ...more },
      { snapshot: Object.keys(more).length === 0 },
    )
    if (before !== '') await project.query(before)
    const found = await everythingAt(project.url)
    t.match(await runHere(project, line, { env }), { document: { code } }, name)
    t.strictSame(await everythingAt(project.url), found, name)
  }
})

interface Arrangement {
  readonly line: string
  readonly before?: string
  readonly migrations?: Migrations
  readonly env?: Environment
  readonly code: string
}

t.test('an init that fails leaves the database empty', async (t) => {
  const project = await createProject(t, migrations)
  const file = join(project.root, 'migrations/schema.snapshot.json')
  await writeFile(
    file,
    (await project.read('migrations/schema.snapshot.json')).replaceAll('"type":"text"', '"type":"nothing"'),
  )
  const found = await everythingAt(project.url)
  t.match(await runHere(project, 'init'), { document: { code: 'SCHEMA_INIT_REFUSED' } })
  t.strictSame(await everythingAt(project.url), found)
})

t.test('a ledger that only Knex wrote is left alone until something is to be done', async (t) => {
  const project = await createProject(t, { '001_songs': songs })
  await project.query(`${songs.up};
    create table knex_migrations (id serial primary key, name text, batch int, migration_time timestamptz);
    insert into knex_migrations (name, batch, migration_time) values ('001_songs.js', 1, now())`)
  const before = await everythingAt(project.url)
  const served = await runHere(project, 'serve')
  t.match(served, { exit: 0, document: { status: 'pass' } })
  t.notMatch(served.document, { database: { id: String } })
  t.strictSame(await everythingAt(project.url), before)
  await project.rebuild({ '002_plays': added('plays') })
  t.equal((await runHere(project, 'migrate')).exit, 0)
  t.strictSame(await owners(project.url), [identified('songs', 'production')])
})

/** As the first release made it, which had neither identities nor details. */
const earlierLedger = `
  delete from schemagate_ledger where revision is null;
  alter table schemagate_ledger drop column detail, alter revision set not null,
    add check (event in ('started', 'applied', 'failed', 'rolled back', 'reverted', 'stamped'));
`

t.test(
  'a ledger of an earlier release is read as it is, and brought up to date by who migrates',
  async (t) => {
    const project = await createProject(t, migrations)
    await project.migrate('002_plays')
    await project.query(earlierLedger)
    const before = await everythingAt(project.url)
    for (const words of ['status', 'check', 'stamp', 'verify'])
      t.equal((await runHere(project, words, { env: { ON_BEHIND: 'warn' } })).exit, 0, words)
    t.strictSame(await everythingAt(project.url), before)
    await project.migrate()
    t.strictSame(await owners(project.url), [identified('songs', 'production')])
    // A build of that release writes no detail, and goes on.
    await project.query(
      "insert into schemagate_ledger (revision, event, host) values ('003_likes', 'reverted', 'old'), ('003_likes', 'applied', 'old')",
    )
    t.match(await runHere(project, 'status'), { exit: 0, text: /^gate +serve$/m })
  },
)

t.test("status, verify and diff show what another environment's database is like", async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate('002_plays')
  await project.query('alter table songs alter title drop not null')
  const [here, elsewhere, all] = [{}, ofStaging, { ...ofStaging, ON_DRIFT: 'warn' }].map((env) => ({ env }))
  const status = await runHere(project, 'status', elsewhere)
  const plain = (text: string) =>
    project
      .plain(text)
      .replace(/PostgreSQL [\d.]+/, 'PostgreSQL')
      .replace(/[0-9a-f-]{36}, since \S+Z/, 'ID, since WHEN')
  t.equal(status.exit, 6)
  t.equal(
    plain(status.text),
    `database     app@db:5432/songs  (environment staging, PostgreSQL)
identity     service songs, environment production  (ID, since WHEN)
position     behind
current      002_plays
head         003_likes
applied      2 revisions
pending      003_likes
verified     1 weakens
gate         refuse: the database belongs to service "songs" in environment "production", and this is service "songs" in environment "staging".`,
  )
  t.match(status.document, {
    database: {
      environment: 'staging',
      identity: { id: uuid, service: 'songs', environment: 'production', since: String },
    },
    gate: { action: 'refuse' },
  })
  const verify = await runHere(project, 'verify', all)
  t.equal(verify.exit, 6)
  t.match(verify.text, /changed column:public\.songs\.title/)
  t.match(
    verify.text,
    /\nnote: the database belongs to service "songs" in environment "production", and this is/,
  )
  t.match(await runHere(project, 'diff database snapshot@002_plays', elsewhere), {
    exit: 4,
    text: /changed column:public\.songs\.title/,
  })
  t.equal((await runHere(project, 'verify', here)).exit, 4)
})

const toStaging = `The database will belong to a different service or environment, with a new id.

  database   app@db:5432/songs
  now        service "songs" in environment "production"  (since WHEN)
  then       service "songs" in environment "staging"`

t.test('a copy is adopted on purpose, gets an id of its own, and is served then', async (t) => {
  const project = await createProject(t, migrations)
  t.match(await runHere(project, 'adopt --yes', { env: ofStaging }), {
    exit: 0,
    text: /has no identity yet: the first migration records the service and environment it belongs to\.$/,
    document: { adopted: false },
  })
  await project.migrate('002_plays')
  const before = await everythingAt(project.url)
  const [identity] = await ids(project)
  const unasked = await runHere(project, 'adopt', { env: ofStaging })
  t.equal(
    project
      .plain(unasked.said)
      .replace(/since \S+Z/, 'since WHEN')
      .trim(),
    toStaging,
  )
  t.equal(
    unasked.text,
    `SCHEMA_NOT_CONFIRMED: The environment "production" is protected: its name must be typed, but there is no terminal to type it on. Nothing was done.

Do one of:
  --confirm production   does it without asking`,
  )
  t.equal((await runHere(project, 'adopt --confirm staging --yes', { env: ofStaging })).exit, 2)
  t.strictSame(await everythingAt(project.url), before)

  const adopted = await runHere(project, 'adopt --confirm production', { env: ofStaging })
  t.equal(
    project.plain(adopted.text),
    'app@db:5432/songs now belongs to service "songs" in environment "staging", with a new id.',
  )
  t.strictSame(await owners(project.url), [
    identified('songs', 'production'),
    { event: 'adopted', service: 'songs', environment: 'staging' },
  ])
  const [, copy] = await ids(project)
  t.match(copy, uuid)
  t.not(copy, identity)
  t.match(await runHere(project, 'adopt', { env: ofStaging }), {
    exit: 0,
    text: /already belongs to service "songs" in environment "staging"\.$/,
  })
  t.equal((await runHere(project, 'migrate')).exit, 6, 'it is not the one of production any more')
  t.match(await runHere(project, 'serve', { env: ofStaging }), {
    exit: 0,
    document: { status: 'pass', revision: { current: '003_likes' }, database: { id: copy } },
  })
})

const ids = async ({ query }: Project) =>
  (
    await query(
      `select detail #>> '{identity,id}' as uuid from schemagate_ledger where revision is null order by id`,
    )
  ).map((row) => String(row['uuid']))

t.test('a database that changes hands while it is confirmed is left as it is', async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate()
  const ask = async () => {
    await runHere(project, 'adopt --confirm production', { env: { ENV_TARGET: 'demo' } })
    return 'production'
  }
  t.match(await runHere(project, 'adopt', { env: ofStaging, ask }), {
    exit: 2,
    text: /^SCHEMA_NOT_CONFIRMED: The database was adopted in the meantime: it belongs to service "songs" in environment "demo" now\./,
  })
  t.equal((await owners(project.url)).length, 2)
  const revert = async () => {
    await runHere(project, 'down', { env: { ENV_TARGET: 'demo' } })
    return 'y'
  }
  t.match(await runHere(project, 'down --to 001_songs', { env: { ENV_TARGET: 'demo' }, ask: revert }), {
    exit: 2,
    text: /^SCHEMA_NOT_CONFIRMED: The database was migrated or reverted in the meantime: .*\n {2}confirmed +003_likes\n +002_plays\n {2}now +002_plays\n/s,
  })
})

interface Confirmation {
  readonly words?: string
  readonly env?: Environment
  /** What is typed, where somebody is there. */
  readonly types?: string
  readonly exit: 0 | 2
}

const demo = { ENV_TARGET: 'demo' }
const confirmations: Readonly<Record<string, Confirmation>> = {
  'production, and nobody there': { exit: 2 },
  'production, where yes is not enough': { words: ' --yes', exit: 2 },
  'production, another name': { words: ' --confirm demo', exit: 2 },
  'production, its name': { words: ' --confirm production', exit: 0 },
  'production, its name typed': { types: ' production ', exit: 0 },
  'production, something else typed': { types: 'y', exit: 2 },
  'production, yes given and something else typed': { words: ' --yes', types: '', exit: 2 },
  'production, which is not protected, and yes': {
    words: ' --yes',
    env: { PROTECTED_ENVIRONMENTS: 'none' },
    exit: 0,
  },
  'another environment, and nobody there': { env: demo, exit: 2 },
  'another environment, and yes': { words: ' --yes', env: demo, exit: 0 },
  'another environment, its name': { words: ' --confirm demo', env: demo, exit: 0 },
  'another environment, another name': { words: ' --yes --confirm production', env: demo, exit: 2 },
  'another environment, y typed': { env: demo, types: 'Y', exit: 0 },
  'another environment, nothing typed': { env: demo, types: '', exit: 2 },
  'another environment that is protected, and yes': {
    words: ' --yes',
    env: { ...demo, PROTECTED_ENVIRONMENTS: 'production, demo' },
    exit: 2,
  },
}

t.test('what takes several revisions away is confirmed', async (t) => {
  const project = await createProject(t, migrations)
  for (const [name, { words = '', env = {}, types, exit }] of Object.entries(confirmations)) {
    await project.query('drop schema public cascade; create schema public')
    await runHere(project, 'migrate', { env })
    const ask = types === undefined ? {} : { ask: async () => types }
    const outcome = await runHere(project, `down --to 001_songs${words}`, { env, ...ask })
    t.equal(outcome.exit, exit, name)
    t.match(outcome.said, /^\n2 revisions will be reverted, the newest first\.\n/, name)
    const left = (await project.query('select name from knex_migrations')).length
    t.equal(left, exit === 0 ? 1 : 3, `${name}: ${left} left`)
    if (exit === 2) t.match(outcome.text, /^SCHEMA_NOT_CONFIRMED: .* Nothing was done\./, name)
  }
})

t.test('one revision is confirmed in a protected environment where it takes data away', async (t) => {
  const project = await createProject(t, {
    '001_songs': { up: 'create table songs (id int, title text)', down: 'drop table songs' },
    '002_rows': { up: `insert into songs values (1, 'Ode')`, down: 'delete from songs' },
    '003_index': { up: 'create index titles on songs (title)', down: 'drop index titles' },
    '004_plays': { up: 'alter table songs add plays int', down: 'alter table songs drop plays' },
    '005_long': {
      up: 'alter table songs alter plays type bigint',
      down: 'alter table songs alter plays type int',
    },
  })
  await project.migrate()
  const down = async (words = '', env: Environment = {}) => {
    const { exit, said } = await runHere(project, `down${words}`, { env })
    return { exit, lost: /lost +(.*)/.exec(said)?.[1] }
  }
  const confirmed = ' --confirm production'
  t.strictSame(await down(), { exit: 0, lost: undefined }, 'no value is lost')
  await project.migrate()
  await project.query('update songs set plays = 1')
  t.strictSame(await down(), {
    exit: 2,
    lost: 'the values of public.songs.plays that its former type does not hold',
  })
  t.match(await down(confirmed), { exit: 0 })
  t.strictSame(await down(), { exit: 2, lost: 'the values of public.songs.plays' })
  t.match(await down(' --yes'), { exit: 2 })
  t.match(await down(' --to 003_index'), { exit: 2 }, 'one is one')
  t.match(await down(confirmed), { exit: 0 })
  t.strictSame(await down(), { exit: 0, lost: undefined }, 'an index holds nothing')
  t.match(await down(), { exit: 2, lost: /^not known: it changes no object/ })
  t.match(await down('', { PROTECTED_ENVIRONMENTS: 'none' }), { exit: 0 })
  await project.query(`insert into songs values (2, 'Hymn')`)
  t.strictSame(await down(), { exit: 2, lost: 'the rows of public.songs' })
  t.strictSame(await project.query('select title from songs'), [{ title: 'Hymn' }])
  t.match(await down(confirmed), { exit: 0 })
})

t.test('a standby is the database that is migrated, unless it is the standby of another', async (t) => {
  const server = await createServer(t)
  const standby = await server.startStandby()
  const project = await createProject(t, migrations)
  const elsewhere = { DATABASE_URL: standby, MIGRATION_DATABASE_URL: project.url }
  t.match(await runHere(project, 'init', { env: elsewhere }), {
    exit: 6,
    document: { code: 'SCHEMA_WRONG_DATABASE' },
  })
  t.strictSame(await project.objects(), [])
  const env = { DATABASE_URL: standby, MIGRATION_DATABASE_URL: server.direct() }
  t.match(await runHere(project, 'init', { env }), { exit: 0 })
  t.strictSame(await owners(server.direct()), [identified('songs', 'production')])
})

t.test("a service that starts on another environment's database exits with 6", async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate('002_plays')
  const before = await everythingAt(project.url)
  const ended = await project.run('serve', ofStaging)
  t.equal(ended.exit, 6)
  t.match(logOf(ended).at(-1), {
    level: 60,
    exitCode: 6,
    code: 'SCHEMA_WRONG_DATABASE',
    facts: { 'belongs to': String },
  })
  t.strictSame(await everythingAt(project.url), before)
})

t.test('a service whose database changes hands is not ready any more, until it gets it back', async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate()
  const service = await project.serve({ VERIFY_INTERVAL: '100ms' })
  const readiness = (status: number) =>
    eventually(`/health/ready answers ${status}`, {
      look: async () => (await service.ask('/health/ready')).status === status,
      otherwise: () => service.stdout(),
    })
  await readiness(200)
  await runHere(project, 'adopt --confirm production', { env: ofStaging })
  await readiness(503)
  const { notes } = JSON.parse((await service.ask('/health/schema')).text)
  t.match(notes, [
    /^the database belongs to service "songs" in environment "staging", and this is service "songs" in/,
  ])
  await runHere(project, 'adopt --confirm production')
  await readiness(200)
})

t.test('a process without a terminal is not asked', async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate()
  const { exit, stdout, stderr } = await project.run('down --to 001_songs')
  t.equal(exit, 2)
  t.equal(stdout, '')
  t.equal(
    project.plain(stderr),
    `
2 revisions will be reverted, the newest first.

  database   app@db:5432/songs  (environment production)
  reverted   003_likes
             002_plays
  stays      001_songs


SCHEMA_NOT_CONFIRMED: The environment "production" is protected: its name must be typed, but there is no terminal to type it on. Nothing was done.

Do one of:
  --confirm production   does it without asking
`,
  )
})

t.test('a terminal is asked for a line', async (t) => {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const { signal, abort } = withAbort()
  const answer = askOnTerminal('Name? ', input, output, signal)
  input.write('production\n')
  t.equal(await answer, 'production')
  t.equal(String(output.read()), 'Name? ')
  const stopped = askOnTerminal('Name? ', input, output, signal)
  abort()
  await t.rejects(stopped, { code: 'SCHEMA_INTERRUPTED' })
  const ended = askOnTerminal('Name? ', input, output, withAbort().signal)
  input.end()
  t.equal(await ended, '')
})

function withAbort(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
