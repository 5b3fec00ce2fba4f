import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { createDatabase, createRole, query } from '../support/database.js'
import { type Ended, type Environment, eventually, fleetService, run, start } from '../support/process.js'
import { createProject, listening } from '../support/project.js'
import { leaks, secretsOf } from '../support/secrets.js'

t.jobs = 3

/** In every password and token of these tests: whatever form they take, this stays. */
const core = `core${randomBytes(6).toString('hex')}`
const songs = 'create table songs (id int primary key, title text not null)'

const clean = (t: Test, what: string, text: string): void => {
  t.notMatch(text, core, `${what}: ${text.replaceAll(core, 'THE SECRET')}`)
}
const cleanEnd = (t: Test, what: string, { stdout, stderr }: Ended): void =>
  clean(t, what, `${stdout}${stderr}`)

t.test('secrets are found in every form, and where there are none nothing is found', async (t) => {
  const files = new Map([
    ['knexfile.js', `export default { connection: { user: 'app', password: 'in-a-knexfile' } }`],
    ['.env', 'DB_PASSWORD=in-a-dotenv\nPORT=8000'],
    ['001.js', `knex.raw("create user mapping for public server s options (password 'in-some-sql')")`],
    ['base.json', '{ "FLEET_TOKEN": "in-some-json", "DATABASE_URL": "postgres://app:in-a-url@db/shop" }'],
  ])
  const env = { HEALTH_TOKEN: 'in "the" env', DATABASE_URL: 'postgres://app:p%40ss%2Fword@db/shop' }
  const words = ['status', '--database-url', 'postgres://app:on-the-line@db/shop']
  const secrets = secretsOf({ env, words, files })
  t.strictSame([...secrets].sort(), [
    'in "the" env',
    'in-a-dotenv',
    'in-a-knexfile',
    'in-a-url',
    'in-some-json',
    'in-some-sql',
    'on-the-line',
    'p%40ss%2Fword',
  ])
  const printed = ['p%40ss%2Fword', 'p@ss/word', 'in "the" env', String.raw`in \"the\" env`, 'in-a-url']
  for (const text of printed)
    t.match(leaks([{ where: 'the log', text: `before ${text} after` }], secrets), [
      / is in the log: …before /,
    ])
  t.strictSame(leaks([{ where: 'the log', text: 'nothing of that sort' }], secrets), [])
})

const password = `p%40ss-${core}-%2Fword`
/** URLs that are not right, each in another way; more of them are in config.test.ts. */
const typos = {
  unencoded: `postgres://app:p@ss-${core}/word@db:5432/shop`,
  cut: `postgres://app:pass#${core}@db/shop`,
  bare: `app:${password}@db/shop`,
  other: `postgress://app:${password}@db/shop`,
}

interface Case {
  readonly name: string
  readonly words?: string
  readonly env?: Environment
  readonly files?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly exit: number
}

const right = `postgres://app:${password}@127.0.0.1:1/shop`
const lines: readonly Case[] = [
  { name: 'a URL with a typo', env: { DATABASE_URL: typos.unencoded }, exit: 2 },
  { name: 'a URL with a typo on the line', words: `status --database-url ${typos.unencoded}`, exit: 2 },
  { name: 'a URL for a command', words: right, exit: 2 },
  { name: 'a part of a URL for a command', words: typos.bare, exit: 2 },
  { name: 'a URL for an option', words: `status --${right}`, exit: 2 },
  { name: 'a URL for an environment', words: `status --env ${right}`, exit: 2 },
  { name: 'a URL too many', words: `status ${right}`, exit: 2 },
  {
    name: 'a URL that is no side',
    words: `diff ${typos.other} database`,
    env: { DATABASE_URL: right },
    exit: 2,
  },
  {
    name: 'a part of one that is no side',
    words: `diff ${typos.bare} ${typos.bare}`,
    env: { DATABASE_URL: right },
    exit: 2,
  },
  {
    name: 'a side that nobody reaches',
    words: `diff ${right} ${right}`,
    env: { DATABASE_URL: right },
    exit: 8,
  },
  {
    name: 'a URL for everything',
    env: {
      DATABASE_URL: right,
      PORT: right,
      VERIFY_IGNORE: right,
      CONNECT_TIMEOUT: right,
      KNEXFILE: right,
      MIGRATIONS_DIR: right,
      SEEDS_DIR: right,
      TERMINATION_LOG: right,
    },
    exit: 2,
  },
  {
    name: 'a server and a fleet that nobody reaches',
    env: { DATABASE_URL: right, FLEET_URL: `http://a:${password}@127.0.0.1:1`, FLEET_TOKEN: core },
    exit: 8,
  },
  {
    name: 'a file with a typo',
    words: 'status',
    files: { config: { 'base.json': `{ "DATABASE_URL": "${typos.unencoded}" ` } },
    exit: 2,
  },
  {
    name: 'a list in a file',
    words: 'status',
    files: { config: { 'base.json': `{ "DATABASE_URL": ["${right}"] }` } },
    exit: 2,
  },
  {
    name: 'a knexfile with a typo in its URL',
    words: 'status --json',
    files: { 'knexfile.cjs': `module.exports = { client: 'pg', connection: '${typos.cut}' }` },
    exit: 2,
  },
  {
    name: 'a knexfile that is none',
    words: 'status',
    files: { 'knexfile.cjs': `module.exports = { client: 'pg', connection: '${right}'` },
    exit: 2,
  },
  {
    name: 'a knexfile with another client',
    words: 'status',
    files: { 'knexfile.cjs': `module.exports = { client: 'mysql', connection: '${right}' }` },
    exit: 2,
  },
  {
    name: 'what is configured',
    words: `config --json --database-url ${right}`,
    env: { HEALTH_TOKEN: core, FLEET_TOKEN: core, MIGRATION_DATABASE_URL: right, DB_PASSWORD: core },
    exit: 0,
  },
]

t.test('whatever is wrong with a command line or a setting, its secrets are not said', async (t) => {
  t.jobs = 3
  for (const { name, words = 'serve', env = {}, files = {}, exit } of lines)
    t.test(name, async (t) => {
      const cwd = t.testdir({ migrations: { '001_songs.js': 'export const up = () => {}' }, ...files })
      const always = { NODE_ENV: 'production', CONNECT_TIMEOUT: '1ms' }
      const ended = await run(t, words.split(' '), { cwd, env: { ...always, ...env } })
      t.equal(ended.exit, exit, `${ended.stdout}${ended.stderr}`.replaceAll(core, '***'))
      cleanEnd(t, name, ended)
    })
})

t.test('a password that the server refuses is not said', async (t) => {
  const url = new URL(await createRole(t, await createDatabase(t)))
  url.password = core
  const project = await createProject(t, { '001_songs': songs })
  for (const words of ['serve', 'status --json', `verify --database-url ${url.href}`])
    cleanEnd(t, words, await project.run(words, { DATABASE_URL: url.href, ON_UNVERIFIED: 'warn' }))
})

t.test('what a failing migration had in its SQL is not said, nor kept', async (t) => {
  const failing = [
    `await knex.raw("alter role nobody_of_this_name password '" + process.env.APP_PASSWORD + "'")`,
    `await knex.raw("do $$ begin execute 'alter role nobody_of_this_name password ''" + process.env.APP_PASSWORD + "'''; end $$")`,
    `await knex('songs').insert({ id: 1, title: process.env.APP_PASSWORD, nothing: process.env.APP_PASSWORD })`,
  ]
  for (const code of failing) {
    const project = await createProject(t, { '001_songs': songs }, { snapshot: false })
    await project.migrate()
    await project.write({ '002_secret': { code: `export async function up(knex) { ${code} }` } })
    const env = {
      APP_PASSWORD: core,
      REFUSE_BY: 'unready',
      HEALTH_TOKEN: 'open-sesame',
      ON_UNVERIFIED: 'warn',
      VERIFY_INTERVAL: '1h',
    }
    const service = await project.serve(env)
    t.match(service.stdout(), 'SCHEMA_MIGRATION_FAILED')
    const bearer = { authorization: 'Bearer open-sesame' }
    for (const path of ['/health/schema', '/songs'])
      clean(t, path, (await service.ask(path, { ...bearer, accept: 'text/html' })).text)
    clean(t, 'the log', service.stdout())
    const ledger = await project.query('select * from schemagate_ledger')
    t.ok(ledger.length > 0)
    clean(t, 'the ledger', JSON.stringify(ledger))
    const [again, status] = [
      await project.run('migrate --json', env),
      await project.run('status --json', env),
    ]
    t.match([again, status], [{ exit: 7 }, { exit: 0 }])
    for (const ended of [again, status]) cleanEnd(t, 'a command', ended)
  }
})

t.test('what a migration or a seed says of its connection is not said, nor kept', async (t) => {
  const database = await createDatabase(t)
  const role = new URL(await createRole(t, database, { attributes: 'superuser' }))
  await query(database, `alter role ${role.username} password '${core}'`)
  const env = { DATABASE_URL: Object.assign(role, { password: core }).href, ON_UNVERIFIED: 'warn' }
  const files = {
    seeds: { '01.js': `export const seed = (knex) => knex('others').insert({ x: '${core}' })` },
  }
  const project = await createProject(t, { '001_songs': songs }, { files, database, snapshot: false })
  await project.migrate()
  const seeded = await project.run('serve', { ...env, SEED_ON_START: 'true' })
  t.match(seeded, { exit: 7, stdout: /relation ..others.. does not exist/ })
  cleanEnd(t, 'a seed', seeded)
  const told = `'not with ' + JSON.stringify(knex.client.config.connection)`
  const carrying = `Object.assign(new Error(${told}, { cause: new Error(${told}) }), knex.client)`
  for (const [code, exit] of [
    [`throw ${carrying}`, 7],
    // The service stops its migration and closes.
    [`Promise.reject(${carrying}); await knex.raw('select pg_sleep(60)')`, 1],
  ] as const) {
    await project.write({ '002_carrying': { code: `export async function up(knex) { ${code} }` } })
    for (const words of ['migrate --json', 'serve']) {
      const ended = await project.run(words, env)
      t.match(ended, { exit: words === 'serve' ? exit : 7, stdout: 'not with ' })
      cleanEnd(t, words, ended)
    }
  }
  clean(t, 'the ledger', JSON.stringify(await project.query('select * from schemagate_ledger')))
})

t.test('options of foreign servers and users are not said, nor written', async (t) => {
  const server = `create foreign data wrapper w; create server elsewhere foreign data wrapper w options (host 'db', password '${core}');
    create user mapping for public server elsewhere options (user 'app', password '${core}', api_key '${core}')`
  const project = await createProject(t, { '001_server': server.split(';') })
  clean(t, 'the snapshot', await project.read('migrations/schema.snapshot.json'))
  await project.migrate()
  await project.query(`alter server elsewhere options (set host 'other');
    alter user mapping for public server elsewhere options (set user 'other')`)
  for (const words of [
    'verify --json',
    'verify',
    'diff database snapshot --sql',
    'diff snapshot database',
    'new undo',
  ])
    cleanEnd(t, words, await project.run(words, { VERIFY_GRANTS: 'true' }))
})

t.test('neither the list of processes nor that of sessions has a secret', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_slow': 'select pg_advisory_xact_lock(1)',
  })
  const goOn = await project.block()
  const { password } = new URL(project.url)
  const tokens = { HEALTH_TOKEN: core, FLEET_TOKEN: core }
  const migrating = project.start(`migrate --database-url ${project.url}`, tokens)
  const service = project.start('serve', tokens)
  const look = async () => {
    const seen = await project.query(
      'select application_name, query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    clean(t, 'sessions', JSON.stringify(seen))
    t.notMatch(JSON.stringify(seen), password)
    return seen.filter((row) => String(row['application_name']).startsWith('schemagate')).length
  }
  await eventually('they are connected', {
    look: async () => (await look()) >= 2,
    otherwise: () => `${migrating.stderr()}${service.stdout()}`,
  })
  if (existsSync('/proc/self/cmdline'))
    for (const [{ pid }, title] of [
      [migrating, 'schemagate migrate'],
      [service, 'schemagate serve'],
    ] as const)
      await eventually('its entry in the list of processes has nothing of its options', {
        look: () => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', '') === title,
      })
  await goOn()
  await service.said('"what":"/health/schema"')
  t.match(await migrating.ended(), { exit: 0 })
  await look()
})

/** The SQL of docs/deploying.md, block by block, with these names for shop_migrate, shop_app and shop. */
function documentedSql(
  names: Readonly<Record<'shop_migrate' | 'shop_app' | 'shop', string>>,
): readonly string[] {
  const text = readFileSync(new URL('../../docs/deploying.md', import.meta.url), 'utf8')
  return [...text.matchAll(/```sql\n([^`]+)```/g)].map(([, block = '']) =>
    block.replaceAll(/\bshop(_migrate|_app)?\b/g, (name) =>
      name === 'shop_migrate' || name === 'shop_app' ? names[name] : names.shop,
    ),
  )
}

t.test(
  'the two roles of docs/deploying.md are enough for all, and one of them for nothing else',
  async (t) => {
    const database = await createDatabase(t)
    const as = (user: string, password: string): string => {
      const url = new URL(database)
      return Object.assign(url, { username: user, password }).href
    }
    const suffix = randomBytes(6).toString('hex')
    const names = {
      shop_migrate: `test_migrate_${suffix}`,
      shop_app: `test_app_${suffix}`,
      shop: new URL(database).pathname.slice(1),
    }
    const [before = '', after = '', ...more] = documentedSql(names)
    t.strictSame(more, [])
    t.teardown(async () => {
      for (const role of [names.shop_app, names.shop_migrate])
        await query(database, `drop owned by ${role}; drop role ${role}`)
    })
    await query(database, before)
    const app = as(names.shop_app, 'change-me-2')
    const env = {
      NODE_ENV: 'production',
      DATABASE_URL: app,
      MIGRATION_DATABASE_URL: as(names.shop_migrate, 'change-me-1'),
      HOST: '127.0.0.1',
      PORT: '0',
      FLEET_TOKEN: core,
    }
    const place = { cwd: fileURLToPath(new URL('../..', import.meta.url)), env }
    t.match(await run(t, ['migrate'], place), { exit: 0 })
    await query(database, after)
    for (const sql of [
      'delete from knex_migrations',
      `update schemagate_ledger set revision = 'x'`,
      `insert into knex_migrations_lock values (2, 1)`,
      'create table others (id int)',
      'alter table fleet_reports add column x int',
      'drop table fleet_reports',
    ])
      await t.rejects(query(app, sql), { code: '42501' }, sql)
    const service = await listening(start(t, ['serve'], { ...place, entry: fleetService }))
    t.equal((await service.ask('/health/ready')).status, 200)
    await eventually('it has reported to itself', {
      look: async () => (await service.ask('/api/v1/environments')).text.includes('"schemagate"'),
      otherwise: service.stdout,
    })
    t.strictSame(
      service.log().filter(({ level }) => Number(level) >= 40),
      [],
    )
  },
)
