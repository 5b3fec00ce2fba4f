import { chown, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { call, type Called } from '../support/command.js'
import { createRole } from '../support/database.js'
import { createServer } from '../support/own-server.js'
import { createProject, type Project, type ProjectOptions } from '../support/project.js'
import { selfSignedCertificate } from '../support/certificate.js'

const songs = 'create table songs (id int primary key)'

/** A project whose database only its knexfile names. */
interface KnexfileProject extends Project {
  /** Calls a command in production without DATABASE_URL, unless it is given. */
  readonly runWith: (
    knexfile: string,
    line?: string,
    env?: Readonly<Record<string, string>>,
  ) => Promise<Called>
}

let written = 0

/** `{HOST}` and the like in a knexfile are the parts of the URL of the database. */
async function knexfileProject(t: Test, options: ProjectOptions = {}): Promise<KnexfileProject> {
  const project = await createProject(t, { '001_songs': songs }, options)
  const { root, url, env } = project
  const { DATABASE_URL: _, ...rest } = env
  const { hostname, port, username, password, pathname } = new URL(url)
  const parts = `host: '${hostname}', port: ${port}, user: '${username}', password: '${password}', database: '${pathname.slice(1)}'`
  return {
    ...project,
    runWith: async (knexfile, line = 'status', more = {}) => {
      const name = `knexfile-${(written += 1)}.js`
      await writeFile(
        join(root, name),
        knexfile.replaceAll('{PARTS}', parts).replaceAll('{URL}', url).replaceAll('{PASSWORD}', password),
      )
      return call([...line.split(' '), '--knexfile', name], {
        root,
        env: { ...rest, ON_UNVERIFIED: 'warn', ...more },
      })
    },
  }
}

t.test('the connection of a knexfile reaches the database in every form, in production too', async (t) => {
  const project = await knexfileProject(t)
  await project.migrate()
  const name = new URL(project.url).pathname.slice(1)
  const connections = {
    'a URL': `'{URL}'`,
    'an object with a URL': `{ connectionString: '{URL}' }`,
    'an object': `{ {PARTS} }`,
    'an object with a function for the password': `{ {PARTS}, password: async () => '{PASSWORD}' }`,
    'a function': `() => ({ {PARTS} })`,
    'an async function': `async () => ({ {PARTS}, expirationChecker: () => false })`,
    'a function that returns a URL': `async () => '{URL}'`,
  }
  for (const [form, connection] of Object.entries(connections)) {
    const { exit, text } = await project.runWith(`export default { client: 'pg', connection: ${connection} }`)
    t.match(text, new RegExp(`^database +\\S+/${name} `), `${form}: ${text}`)
    t.equal(exit, 0, form)
  }
})

t.test('the DB_ keys are what the knexfile reads, where it leads to what they say', async (t) => {
  const project = await knexfileProject(t)
  await project.migrate()
  const { hostname, username, pathname } = new URL(project.url)
  const name = pathname.slice(1)
  const knexfile = `export default { client: 'pg', connection: { {PARTS} } }`
  // The port and the password are the knexfile's.
  for (const env of [{ DB_NAME: name }, { DB_HOST: hostname, DB_USER: username, DB_NAME: name }]) {
    const { exit, text } = await project.runWith(knexfile, 'status', env)
    t.equal(exit, 0, text)
    t.match(
      (await project.runWith(knexfile, 'config', env)).text,
      /^DATABASE_URL .*connection of the knexfile$/m,
    )
  }
  const other = await project.runWith(knexfile, 'status', { DB_NAME: 'other_4711' })
  t.match(other, { exit: 2, text: /^SCHEMA_CONFIG_INVALID: .*DB_HOST, DB_USER/ })
  t.match(other.text, /^ {2}knexfile .*knexfile-\d+\.js does not lead to what the DB_ keys say$/m)
})

t.test('DATABASE_URL of another environment is refused', async (t) => {
  const project = await knexfileProject(t)
  const section = (url: string): string => `{ client: 'pg', connection: ${url} }`
  const test = 'postgres://app@db/songs_test'
  const knexfile = `export default {
    development: ${section('process.env.DATABASE_URL ?? `{URL}`')}, test: ${section(`'${test}'`)}, review: ${section(`'${test}'`)},
  }`
  const own = { DATABASE_URL: project.url }
  const refused = await project.runWith(knexfile, 'status --env test', own)
  t.equal(refused.exit, 2)
  t.equal(
    project.plain(refused.text),
    `SCHEMA_CONFIG_INVALID: DATABASE_URL leads to the database that the knexfile has for development, and it has another one for test. Nothing was started.

  DATABASE_URL   app@db:5432/songs (process environment)
  knexfile       app@db:5432/songs_test, for test

Do one of:
  DATABASE_URL_TEST=postgres://…   names the database of test
  --database-url URL               names the database of this command
  --env NAME                       names the environment that is meant`,
  )
  for (const [line, env] of [
    ['status --env development', own],
    ['status --env test', { ...own, DATABASE_URL_TEST: project.url }],
    [`status --env test --database-url ${project.url}`, {}],
  ] as const)
    t.match(await project.runWith(knexfile, line, env), { exit: 0, text: /^database/ }, line)
  const other = knexfile.replace(
    'process.env.DATABASE_URL ?? `{URL}`',
    `'postgres://app@db/songs_development'`,
  )
  t.match(await project.runWith(other, 'status --env test', own), { exit: 0 }, 'of no section')
})

t.test('a folder without migrations may be one without its knexfile', async (t) => {
  const root = t.testdir({ 'package.json': '{}', db: { 'knexfile.js': 'export default {}', migrations: {} } })
  const { exit, text } = await call(['snapshot'], { root, env: {} })
  t.equal(exit, 2)
  t.match(text, /^SCHEMA_MIGRATIONS_EMPTY[^]*\n {2}--knexfile db\/knexfile\.js +if this is the knexfile;/)
})

t.test('what Knex would set for a session is set for each of ours', async (t) => {
  const project = await knexfileProject(t, { snapshot: false })
  const owner = new URL(await createRole(t, project.url)).username
  await project.query(`create schema music authorization ${owner}; grant ${owner} to current_user`)
  const connection = `connection: { {PARTS}, options: '-c search_path=music', application_name: 'songs-app' }`
  const hook = `pool: { afterCreate(connection, done) { connection.query('set role ${owner}', done) } }`
  const migrated = await project.runWith(`export default { client: 'pg', ${connection}, ${hook} }`, 'migrate')
  t.equal(migrated.exit, 0, migrated.text)
  const rows = await project.query(
    `select relname as name, relnamespace::regnamespace::text as schema, relowner::regrole::text as owner
      from pg_class where relname in ('songs', 'knex_migrations', 'schemagate_ledger') order by 1`,
  )
  const expected = { schema: 'music', owner }
  t.strictSame(rows, [
    { name: 'knex_migrations', ...expected },
    { name: 'schemagate_ledger', ...expected },
    { name: 'songs', ...expected },
  ])
})

t.test('a scratch database belongs to the role that the hook of the pool sets', async (t) => {
  const project = await knexfileProject(t, { snapshot: false })
  const owner = new URL(await createRole(t, project.url)).username
  await project.query(`grant ${owner} to current_user`)
  const knexfile = (role: string): string =>
    `export default {
      client: 'pg', connection: { {PARTS} },
      pool: { afterCreate(connection, done) { connection.query('set role ${role}', done) } },
    }`
  const made = await project.runWith(knexfile(owner), 'snapshot')
  t.equal(made.exit, 0, made.text)
  const missing = await project.runWith(knexfile('nobody_4711'), 'snapshot')
  t.match(missing.text, /^SCHEMA_SCRATCH_UNAVAILABLE: .* role "nobody_4711" does not exist/)
})

t.test('a hook of the pool sets its search_path after that of the knexfile', async (t) => {
  const project = await knexfileProject(t, { snapshot: false })
  await project.query('create schema music; create schema other')
  const hook = `pool: { afterCreate(connection, done) { connection.query('set search_path to music', done) } }`
  const knexfile = `export default { client: 'pg', connection: { {PARTS} }, searchPath: 'other', ${hook} }`
  t.equal((await project.runWith(knexfile, 'migrate')).exit, 0)
  t.equal((await project.runWith(knexfile, 'check')).exit, 0)
  t.strictSame(await project.query(`select to_regclass('music.songs') is not null as made`), [{ made: true }])
})

t.test('a hook of the pool that fails is an error by name', async (t) => {
  const project = await knexfileProject(t)
  const hooks = {
    'it asks for what does not exist': `(connection, done) { connection.query('set role nobody_4711', done) }`,
    'it throws': `() { throw new Error('nothing works') }`,
    'its promise is rejected': `async () { throw new Error('nothing works') }`,
  }
  for (const [name, hook] of Object.entries(hooks)) {
    const { exit, text } = await project.runWith(
      `export default { client: 'pg', connection: { {PARTS} }, pool: { async afterCreate${hook.replace(/^async /, '')} } }`,
    )
    t.equal(exit, 2, name)
    t.match(text, /^SCHEMA_KNEXFILE_INVALID: pool\.afterCreate of the knexfile failed on a new connection: /)
  }
})

t.test('a connection that leads nowhere is an error by name, and no other database is started', async (t) => {
  const project = await knexfileProject(t)
  const unset = 'an environment variable may not be set'
  const broken: Readonly<Record<string, string>> = {
    [`client: 'pg', connection: process.env.UNSET_4711`]: `its connection: it is undefined; ${unset}`,
    [`client: 'pg', connection: { connectionString: process.env.UNSET_4711 }`]: `its connection: its connectionString is undefined; ${unset}`,
    [`client: 'pg', connection: { host: process.env.UNSET_4711, database: process.env.UNSET_4711 }`]: `The knexfile's connection cannot be used: it names no database; ${unset}`,
    [`client: 'pg', connection: async () => { throw new Error('the vault is sealed') }`]:
      'its connection function failed: the vault is sealed',
    [`client: 'pg', connection: async () => undefined`]: `its connection: it is undefined; ${unset}`,
    [`client: 'sqlite3', connection: { filename: 'songs.db' }`]: 'its client is "sqlite3"',
    [`client: 'mysql2', connection: { host: 'db' }`]: 'its client is "mysql2"',
    [`client: 'cockroachdb', connection: { host: 'db' }`]: 'its client is "cockroachdb"',
    [`client: class {}, connection: { host: 'db' }`]: 'its client is a function',
    [`client: class extends (await import('knex/lib/dialects/postgres/index.js')).default {
      wrapIdentifierImpl(name) { return super.wrapIdentifierImpl(name.toUpperCase()) } }, connection: '{URL}'`]:
      'its client is a class that changes identifiers, "knex_migrations" too',
    [`client: 'pg', connection: '{URL}?schema=music'`]:
      'its URL has the parameter schema, which the driver ignores',
    [`client: 'pg', connection: '{URL}', migrations: { migrationSource: {} }`]:
      'migrations.migrationSource has no getMigrations',
    [`staging: { client: 'pg', connection: '{URL}' }`]: 'it has no section "production", but staging',
    [`staging: { client: 'pg', connection: '{URL}' }, production: { client: 'pg' }`]:
      'its connection: the section "production" has none, and others have',
    [`staging: { client: 'pg' }, development: { client: 'pg', connection: '{URL}' }`]:
      'its connection: there is no section "production", but staging, development',
  }
  for (const [settings, why] of Object.entries(broken))
    for (const NODE_ENV of ['production', 'development']) {
      const env = { NODE_ENV, ENV_TARGET: 'production' }
      const { exit, text, events } = await project.runWith(`export default { ${settings} }`, 'migrate', env)
      t.equal(exit, 2, settings)
      t.match(text, /^SCHEMA_KNEXFILE_INVALID: /)
      t.ok(text.includes(why), `${why}\n${text}`)
      t.strictSame(events, [])
    }
})

t.test(
  'a configured URL wins over the knexfile, whose further settings count at the same address',
  async (t) => {
    const project = await knexfileProject(t, { snapshot: false })
    const other = `export default { client: 'pg', connection: { host: 'elsewhere', database: 'other', options: '-c search_path=nowhere' } }`
    const { url: DATABASE_URL } = project
    await project.query('create schema music')
    t.match((await project.runWith(other, 'status', { DATABASE_URL })).text, /^database +\S+\/test_/)
    const same = `export default { client: 'pg', connection: { connectionString: '{URL}', options: '-c search_path=music' } }`
    t.equal((await project.runWith(same, 'migrate', { DATABASE_URL })).exit, 0)
    t.strictSame(await project.query(`select to_regclass('music.songs') is not null as made`), [
      { made: true },
    ])
  },
)

/** A server that takes only encrypted connections to one database, and only plain ones to the other. */
async function tlsServer(t: Test): Promise<Readonly<Record<'tls' | 'plain', string>>> {
  const server = await createServer(t)
  const [row] = await server.query(`select current_setting('data_directory') as folder, current_user as role`)
  const folder = String(row?.['folder'])
  const { key, certificate } = selfSignedCertificate()
  const { uid, gid } = await stat(folder)
  const rules = ['hostssl tls', 'hostnossl plain'].map((rule) => `${rule} all all trust`)
  const files = {
    'server.key': key,
    'server.crt': certificate,
    'pg_hba.conf': [...rules, 'host postgres all all trust', ''].join('\n'),
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text, { mode: 0o600 })
    await chown(join(folder, name), uid, gid)
  }
  await server.query('create database tls')
  await server.query('create database plain')
  await server.query('alter system set ssl = on')
  await server.query('select pg_reload_conf()')
  const at = (name: string) =>
    Object.assign(new URL(server.direct()), { pathname: `/${name}`, password: 'any' }).href
  return { tls: at('tls'), plain: at('plain') }
}

t.test('TLS is what the knexfile and the URL say', async (t) => {
  const urls = await tlsServer(t)
  const project = await knexfileProject(t, { database: urls.tls, snapshot: false })
  const unchecked = await project.runWith(
    `export default { client: 'pg', connection: { {PARTS}, ssl: { rejectUnauthorized: false } } }`,
    'migrate',
  )
  t.equal(unchecked.exit, 0, unchecked.text)
  const checked = await project.runWith(`export default { client: 'pg', connection: { {PARTS}, ssl: true } }`)
  t.match(checked.text, /^SCHEMA_TLS_FAILED/)
  const heroku = `export default { client: 'pg', connection: { connectionString: process.env.DATABASE_URL, ssl: { rejectUnauthorized: false } } }`
  process.env['DATABASE_URL'] = urls.tls
  t.teardown(() => void delete process.env['DATABASE_URL'])
  t.equal((await project.runWith(heroku, 'migrate', { DATABASE_URL: urls.tls })).exit, 0)
  for (const [name, mode, exit] of [
    ['tls', 'allow', 0],
    ['tls', 'prefer', 0],
    ['tls', 'no-verify', 0],
    ['tls', 'disable', 2],
    ['plain', 'allow', 0],
    ['plain', 'prefer', 0],
    ['plain', 'disable', 0],
    ['plain', 'no-verify', 2],
  ] as const) {
    const DATABASE_URL = `${urls[name]}?sslmode=${mode}`
    const found = await project.runWith(`export default { client: 'pg' }`, 'migrate', { DATABASE_URL })
    t.equal(found.exit, exit, `${mode} with ${name}: ${found.text}`)
  }
})
