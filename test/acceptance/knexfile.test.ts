import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { call } from '../support/command.js'
import { createDatabase, query, type Row } from '../support/database.js'
import { run, uncounted } from '../support/process.js'

const execute = promisify(execFile)
const oldKnex = dirname(fileURLToPath(import.meta.resolve('knex-0-95/package.json')))

type Folder = NonNullable<Parameters<typeof t.testdir>[0]>

/** A Knex project whose first migration creates the table `seen` and writes into it what it was given. */
interface LoadingCase {
  readonly files: Folder
  readonly knexfile: string
  readonly seen: readonly string[]
}

const plainConfig = `client: 'pg', connection: process.env.DATABASE_URL`
const see = (value: string) =>
  `await knex.raw('create table seen (value text)'); await knex('seen').insert({ value: ${value} })`
const down = `knex.raw('drop table seen')`
const commonJs = (value: string, before = '') =>
  `${before}\nexports.up = async (knex) => { ${see(value)} }\nexports.down = (knex) => ${down}\n`
const esModule = (value: string, before = '') =>
  `${before}\nexport const up = async (knex) => { ${see(value)} }\nexport const down = (knex) => ${down}\n`

const loading: Readonly<Record<string, LoadingCase>> = {
  'a hook of require that the knexfile sets': {
    files: {
      'package.json': '{}',
      'knexfile.js': `const load = require.extensions['.js']
        require.extensions['.js'] = (module, file) => {
          const compile = module._compile
          module._compile = (code, name) => compile.call(module, code.replaceAll('__HOOKED__', '"by the hook"'), name)
          return load(module, file)
        }
        module.exports = { ${plainConfig} }`,
      migrations: { '001_seen.js': commonJs('__HOOKED__') },
    },
    knexfile: 'knexfile.js',
    seen: ['by the hook'],
  },
  'ES modules in a package that does not say so': {
    files: {
      'package.json': '{}',
      'knexfile.js': `export default { ${plainConfig} }`,
      migrations: { '001_seen.js': esModule(`'as an ES module'`) },
    },
    knexfile: 'knexfile.js',
    seen: ['as an ES module'],
  },
  'ES modules that wait, in a package that does not say so': {
    files: {
      'package.json': '{}',
      'knexfile.mjs': `export default { ${plainConfig}, migrations: { loadExtensions: ['.mjs'] } }`,
      migrations: { '001_seen.mjs': esModule('value', `const value = await Promise.resolve('later')`) },
    },
    knexfile: 'knexfile.mjs',
    seen: ['later'],
  },
  'the Knex of the project, which returns what it always returned': {
    files: {
      'package.json': '{}',
      node_modules: { knex: t.fixture('symlink', oldKnex) },
      'knexfile.js': `module.exports = { ${plainConfig} }`,
      migrations: {
        '001_seen.js': commonJs(
          `JSON.stringify(await knex('seen').insert({ value: 'first' }).returning('value'))`,
        ),
      },
    },
    knexfile: 'knexfile.js',
    seen: ['first', '["first"]'],
  },
  'files beside the knexfile': {
    files: {
      'package.json': '{}',
      db: {
        'value.txt': 'beside the knexfile',
        'knexfile.js': `const { readFileSync } = require('fs')
          module.exports = { ${plainConfig}, ownValue: readFileSync('value.txt', 'utf8') }`,
        migrations: {
          '001_seen.js': commonJs(
            `readFileSync('./value.txt', 'utf8') + ', ' + first + ', ' + knex.client.config.ownValue`,
            `const { readFileSync } = require('fs')\nconst first = readFileSync('value.txt', 'utf8').length`,
          ),
        },
      },
    },
    knexfile: 'db/knexfile.js',
    seen: ['beside the knexfile, 19, beside the knexfile'],
  },
}

/** Runs plain Knex, as its users do. */
async function runKnex(root: string, url: string, words: string): Promise<void> {
  const env = { ...process.env, DATABASE_URL: url, NODE_ENV: 'production', ...uncounted }
  const knexCli = createRequire(join(root, 'package.json')).resolve('knex/bin/cli.js')
  await execute(process.execPath, [knexCli, ...words.split(' ')], { cwd: root, env })
}

const seenIn = async (url: string): Promise<readonly unknown[]> =>
  (await query(url, 'select value from seen')).map(({ value }: Row) => value)

t.test('a knexfile and its migrations are loaded and run as plain Knex does it', async (t) => {
  for (const [name, { files, knexfile, seen }] of Object.entries(loading))
    await t.test(name, async (t) => {
      const root = t.testdir(files)
      const [plain, ours] = [await createDatabase(t), await createDatabase(t)]
      await runKnex(root, plain, `migrate:latest --knexfile ${knexfile}`)
      t.strictSame(await seenIn(plain), seen, 'plain Knex')
      const env = { NODE_ENV: 'production', DATABASE_URL: ours, ON_UNVERIFIED: 'warn' }
      const made = await run(t, ['migrate', '--knexfile', knexfile], { cwd: root, env })
      t.equal(made.exit, 0, made.stderr)
      t.strictSame(await seenIn(ours), seen, 'schemagate')
      t.notMatch(made.stderr, /\(node:\d+\)/, 'no warning of Node')
    })
})

t.test('the version of Knex that runs the migrations is told', async (t) => {
  const root = t.testdir({
    node_modules: { knex: t.fixture('symlink', oldKnex) },
    migrations: { '001_none.cjs': commonJs(`'nothing'`) },
  })
  const env = { NODE_ENV: 'production', DATABASE_URL: await createDatabase(t), ON_UNVERIFIED: 'warn' }
  const config = await call(['config'], { root, env })
  t.match(config.text, /^knex +0\.95\.15 +\S+\/knex-0-95$/m)
  const { document, events } = await call(['migrate'], { root, env })
  t.match(document, { knex: '0.95.15' })
  t.match(
    events.find(({ event }) => event === 'knex loaded'),
    { version: '0.95.15', pg: /^8\./, folder: oldKnex },
  )
})

t.test('a Knex that is too old is refused by name', async (t) => {
  const root = t.testdir({
    node_modules: { knex: { 'package.json': '{ "name": "knex", "version": "0.20.15" }' } },
    migrations: { '001_none.cjs': commonJs(`'nothing'`) },
  })
  const env = { NODE_ENV: 'production', DATABASE_URL: await createDatabase(t), ON_UNVERIFIED: 'warn' }
  const { exit, text } = await call(['migrate'], { root, env })
  t.equal(exit, 2)
  t.equal(
    text.replaceAll(root, '/songs'),
    `SCHEMA_KNEX_UNSUPPORTED: The project has Knex 0.20.15, and schemagate runs migrations with Knex 0.21 and newer. Nothing was done.

  knex   /songs/node_modules/knex

Do one of:
  npm install knex@0.21   returns from queries what older ones return`,
  )
})

/** Writes what a migration of this name is given, by Knex and by the session. */
const look = (name: string) => `exports.up = async (knex) => {
  const read = await knex.select(knex.raw('1 as "someValue"'))
  const given = { own: knex.client.config.ownKey, user: knex.userParams, read, sql: knex('aTable').select('aColumn').toString() }
  await knex.raw('create table if not exists seen (name text, given jsonb, session jsonb)')
  await knex.raw(
    \`insert into seen select ?, ?, jsonb_build_object('role', current_user, 'schema', current_schema(), 'path',
      current_setting('search_path'), 'tenant', current_setting('app.tenant', true), 'zone', current_setting('TimeZone'),
      'tls', (select ssl from pg_stat_ssl where pid = pg_backend_pid()), 'database', current_database())\`,
    ['${name}', JSON.stringify(given)],
  )
}
exports.down = async () => {}
`

const hook = `(connection, done) => connection.query("set app.tenant = 'songs'; set timezone to 'Asia/Tokyo'", done)`
const byParts = `host: at.hostname, port: at.port, user: at.username, password: at.password, database: at.pathname.slice(1)`

/** Members of a knexfile that uses `at`, the parsed URL of its database. */
const settings: Readonly<Record<string, string>> = {
  'a URL': `connection: process.env.OWN_URL`,
  'an object with a URL': `connection: { connectionString: process.env.OWN_URL, options: '-c search_path=app' }`,
  'an object': `connection: { ${byParts} }`,
  'the variables of libpq': `connection: {}`,
  'a function': `connection: () => ({ ${byParts} })`,
  'an async function': `connection: async () => ({ ${byParts}, expirationChecker: () => false })`,
  'TLS that the server does not have': `connection: { ${byParts}, ssl: true }`,
  'a searchPath': `connection: { ${byParts} }, searchPath: ['app', 'public']`,
  'a hook of the pool': `connection: { ${byParts} }, pool: { min: 0, max: 7, afterCreate: ${hook} }`,
  'a hook of the pool that sets role and path': `connection: { ${byParts} }, pool: { afterCreate: (connection, done) =>
    connection.query('set role pg_database_owner; set search_path to app', done) }`,
  'a class of its own': `connection: { ${byParts} }, client: class extends require('knex/lib/dialects/postgres') {
    wrapIdentifierImpl(value) { return super.wrapIdentifierImpl(value.startsWith('a') ? value.toUpperCase() : value) }
  }`,
  'another name of the client': `connection: { ${byParts} }, client: 'postgresql'`,
  'what queries go through': `connection: { ${byParts} }, ownKey: 'own', userParams: { who: 'me' },
    asyncStackTraces: true, compileSqlOnError: false,
    wrapIdentifier: (value, wrap) => wrap(value.toLowerCase()), postProcessResponse: (result) => ({ processed: result })`,
  'a ledger of its own': `connection: { ${byParts} }, migrations: { tableName: 'steps', schemaName: 'app' }`,
}

/** What the migrations were given, the schema and the owner of what they made; a failure without its words. */
async function outcomeIn(url: string): Promise<unknown> {
  const tables = await query(
    url,
    `select relnamespace::regnamespace::text as schema, relname as name, relowner::regrole::text as owner from pg_class
      where relname in ('seen', 'steps', 'knex_migrations') order by 1, 2`,
  )
  const table = tables.find(({ name }) => name === 'seen')
  if (table === undefined) return 'nothing was made'
  const rows = await query(url, `select * from ${String(table['schema'])}.seen order by name`)
  return JSON.parse(JSON.stringify({ tables, rows }).replaceAll(new URL(url).pathname.slice(1), 'songs'))
}

t.test('what a knexfile sets reaches the migrations as with plain Knex', async (t) => {
  const files = { '001_look.js': look('001'), '002_look.js': look('002') }
  for (const [name, members] of Object.entries(settings))
    await t.test(name, async (t) => {
      const root = t.testdir({
        'package.json': '{}',
        'knexfile.js': `const at = new URL(process.env.OWN_URL)\nmodule.exports = { client: 'pg', ${members} }\n`,
        migrations: files,
      })
      const [plain, ours] = [await createDatabase(t), await createDatabase(t)]
      for (const url of [plain, ours])
        await query(url, 'create schema app; grant create on schema app to public')
      const failed = await withVariables(plain, () => runKnex(root, plain, 'migrate:latest')).then(
        () => false,
        () => true,
      )
      const env = { NODE_ENV: 'production', ON_UNVERIFIED: 'warn' }
      const { exit, text } = await withVariables(ours, () => call(['migrate'], { root, env }))
      t.equal(exit !== 0, failed, text)
      t.strictSame(await outcomeIn(ours), await outcomeIn(plain))
    })
})

/** The hooks of a knexfile that note their calls in the database; the first one makes what the migrations need. */
const hooks = `
  const note = (name, before = '') => async (knex, migrations) => {
    await knex.raw(before || 'select 1')
    const files = migrations.map(({ file }) => file).join()
    await knex.raw('insert into calls select ?, ?, txid_current(), count(*) from calls', [name, files])
  }
  module.exports = { ${plainConfig}, migrations: {
    beforeAll: note('beforeAll', 'create table if not exists calls (name text, files text, xid bigint, number int)'),
    beforeEach: note('beforeEach'), afterEach: note('afterEach'),
    afterAll: note('afterAll', 'create or replace view names as select name from calls'),
  } }`

const calling = (name: string) => `exports.up = (knex) =>
  knex.raw('insert into calls select ?, null, txid_current(), count(*) from calls', ['${name}'])
exports.down = (knex) => knex.raw('delete from calls where name = ?', ['${name}'])
`

const callsIn = (url: string): Promise<readonly Row[]> =>
  query(url, 'select name, files, dense_rank() over (order by xid)::int as tx from calls order by number')

t.test('the hooks of a knexfile run around migrations as with plain Knex', async (t) => {
  const one = { '001_one.js': calling('001') }
  const root = t.testdir({ 'package.json': '{}', 'knexfile.js': hooks, migrations: one })
  const [plain, ours, both] = [await createDatabase(t), await createDatabase(t), await createDatabase(t)]
  await runKnex(root, plain, 'migrate:latest')
  const inProduction = (url: string) => ({
    root,
    env: { NODE_ENV: 'production', DATABASE_URL: url, SCRATCH_DATABASE_URL: url },
  })
  process.env['DATABASE_URL'] = ours
  t.teardown(() => void delete process.env['DATABASE_URL'])
  t.match(await call(['snapshot'], inProduction(ours)), { exit: 0 })
  t.match(await call(['migrate'], inProduction(ours)), { exit: 0, text: /Verified: 1 table/ })
  t.strictSame(await callsIn(ours), await callsIn(plain))
  t.strictSame(
    await callsIn(ours),
    ['beforeAll', 'beforeEach', '001', 'afterEach', 'afterAll'].map((name) => ({
      name,
      files: name === '001' ? null : '001_one.js',
      tx: 1,
    })),
  )
  t.match(await call(['verify'], inProduction(plain)), { exit: 0 })

  await writeFile(join(root, 'migrations', '002_two.js'), calling('002'))
  t.match(await call(['snapshot'], inProduction(ours)), { exit: 0 })
  for (const url of [plain, ours, both]) t.match(await call(['migrate'], inProduction(url)), { exit: 0 })
  const second = (await callsIn(both)).filter(({ files }) => files === '002_two.js').map(({ name }) => name)
  t.strictSame(second, ['beforeAll', 'beforeEach', 'afterEach', 'afterAll'], 'a revision is a batch to them')
  t.match(await call(['init'], inProduction(await createDatabase(t))), { exit: 0 })
})

/** Runs `use` with the address of a database in the environment: what knexfiles and pg read. */
async function withVariables<T>(url: string, use: () => Promise<T>): Promise<T> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const variables = {
    OWN_URL: url,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
  }
  Object.assign(process.env, variables)
  try {
    return await use()
  } finally {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name)
  }
}
