import { copyFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { call } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { run } from '../support/process.js'

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const snapshotFile = 'schema.snapshot.json'

interface CompiledProject {
  readonly root: string
  readonly migrate: () => ReturnType<typeof call>
}

/** A service in TypeScript with its snapshot, compiled by `tsc`, which copies no JSON. */
async function compile(t: Test): Promise<CompiledProject> {
  const root = t.testdir({
    'package.json': '{ "name": "songs", "type": "module" }\n',
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2022',
        rootDir: '.',
        outDir: 'dist',
        types: [],
        noCheck: true,
        lib: ['es5'],
      },
      include: ['migrations'],
    }),
    migrations: {
      '001_songs.ts': `interface Raw { raw(sql: string): Promise<unknown> }
export const up = (knex: Raw): Promise<unknown> => knex.raw('create table songs (id int)')
export const down = (knex: Raw): Promise<unknown> => knex.raw('drop table songs')\n`,
    },
    'knexfile.js': `export default {
  development: { migrations: { directory: './migrations' } },
  production: { migrations: { directory: './dist/migrations', tableName: 'own_migrations' } },
}\n`,
  })
  const scratch = await createDatabase(t)
  const made = await call(['snapshot'], {
    root,
    env: { DATABASE_URL: scratch, SCRATCH_DATABASE_URL: scratch },
  })
  t.equal(made.exit, 0, made.text)
  const compiled = await run(t, ['-p', '.'], { cwd: root, env: {}, entry: tsc })
  t.equal(compiled.exit, 0, compiled.stdout)
  const url = await createDatabase(t)
  const env = { NODE_ENV: 'production', DATABASE_URL: url }
  return { root, migrate: () => call(['migrate'], { root, env }) }
}

t.test('compiled migrations are verified with the snapshot beside their sources', async (t) => {
  const { migrate } = await compile(t)
  const { exit, text } = await migrate()
  t.equal(exit, 0, text)
  t.match(text, /Verified: 1 table, 1 column\./)
})

t.test('in an image without sources the snapshot is in the folder of the project', async (t) => {
  const { root, migrate } = await compile(t)
  await copyFile(join(root, 'migrations', snapshotFile), join(root, snapshotFile))
  await rm(join(root, 'migrations'), { recursive: true })
  const { exit, text } = await migrate()
  t.equal(exit, 0, text)
  t.match(text, /Verified: 1 table, 1 column\./)
})

t.test('without a snapshot production migrates nothing', async (t) => {
  const { root, migrate } = await compile(t)
  await rm(join(root, 'migrations'), { recursive: true })
  t.match(await migrate(), { exit: 4, text: /^SCHEMA_UNVERIFIED/ })
})

t.test('a snapshot that was made from different sources is stale, wherever it is', async (t) => {
  const { root, migrate } = await compile(t)
  await writeFile(join(root, 'migrations', '001_songs.ts'), 'export const up = () => Promise.resolve()\n')
  t.match(await migrate(), { exit: 4, text: /^SCHEMA_SNAPSHOT_STALE/ })
})

t.test('another folder of migrations changes nothing else of the knexfile', async (t) => {
  const { root } = await compile(t)
  const url = await createDatabase(t)
  const env = { NODE_ENV: 'production', DATABASE_URL: url, MIGRATIONS_DIR: './dist/migrations' }
  t.match(await call(['migrate'], { root, env }), { exit: 0 })
  t.match(await call(['status', '--json'], { root, env: { NODE_ENV: 'production', DATABASE_URL: url } }), {
    exit: 0,
  })
})

t.test('an environment that is mistyped is not a new one', async (t) => {
  const root = t.testdir({
    'package.json': '{ "type": "module" }',
    migrations: { '001_songs.js': `export const up = (knex) => knex.raw('create table songs (id int)')\n` },
    config: { 'staging.json': '{}', 'demo.json': '{}' },
  })
  const url = await createDatabase(t)
  const env = { DATABASE_URL: url, SCRATCH_DATABASE_URL: url, ON_UNVERIFIED: 'warn' }
  for (const [target, meant] of [
    ['stagign', 'staging'],
    ['deno', 'demo'],
  ])
    t.match(await call(['migrate', '--env', String(target)], { root, env }), {
      exit: 2,
      text: new RegExp(
        `^SCHEMA_CONFIG_INVALID: There is no environment "${target}": did you mean ${meant}\\?`,
      ),
    })
  t.match(await call(['migrate', '--env', 'staging'], { root, env }), { exit: 0 })
})

t.test('without a database it says where it looked, and starts none beside a knexfile', async (t) => {
  const migrations = {
    '001_songs.js': `export const up = (knex) => knex.raw('create table songs (id int)')\n`,
  }
  const nearby = t.testdir({
    'package.json': '{ "type": "module" }',
    migrations,
    db: { 'knexfile.js': `export default { connection: 'postgres://app@127.0.0.1:1/shop' }\n` },
  })
  t.match(await call(['status'], { root: nearby, env: {} }), {
    exit: 2,
    text: /^SCHEMA_CONFIG_INVALID: No database is configured, and the knexfile is not in this folder\.[^]*looked for +no DATABASE_URL, no DB_HOST, and no knexfile in [^]*--knexfile db\/knexfile\.js/,
  })
  const none = t.testdir({ empty: { 'package.json': '{ "type": "module" }', migrations } })
  t.match(await call(['status'], { root: join(none, 'empty'), env: { NODE_ENV: 'production' } }), {
    exit: 2,
    text: /looked for +no DATABASE_URL, no DB_HOST, and no knexfile in /,
  })
})

t.test('what a knexfile says of its database counts for a URL that leads there too', async (t) => {
  const url = await createDatabase(t)
  const root = t.testdir({
    'package.json': '{ "type": "module" }',
    migrations: {
      '001_songs.js': `export const up = (knex) => knex.raw("create table songs as select current_setting('search_path') as path")\n`,
    },
    'knexfile.js': `export default {
  client: 'pg',
  connection: { connectionString: process.env.OWN_URL, application_name: 'shop' },
  searchPath: ['public', 'other'],
  pool: { afterCreate: (connection, done) => connection.query("set timezone = 'Asia/Tokyo'", done) },
}\n`,
  })
  const env = { NODE_ENV: 'production', DATABASE_URL: url, ON_UNVERIFIED: 'warn' }
  t.match(await call(['migrate'], { root, env }), { exit: 0 })
  t.match(await call(['check'], { root, env }), { exit: 0 })
})
