import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { buildOnce } from './support/build.js'
import { createDatabase, query } from './support/database.js'
import { eventually, freePort } from './support/process.js'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>
}

/** The names of the packages that npm installs with ours. */
async function dependencies(): Promise<readonly string[]> {
  const { packages }: Lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(packages).flatMap(([path, { dev, devOptional }]) => {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? []
    return name === undefined || dev === true || devOptional === true ? [] : name
  })
}

/** What `npm ci --omit=dev` installs in a folder, as links into this checkout. */
async function linkDependencies(folder: string, ...others: readonly string[]): Promise<void> {
  const modules = join(folder, 'node_modules')
  for (const name of new Set([...(await dependencies()), ...others])) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
}

/** Installs the tarball of `npm pack` in a folder: the package is unpacked, its dependencies are links into this checkout. */
async function installPacked(folder: string): Promise<string> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[')))
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, 'schemagate'), { recursive: true })
  await linkDependencies(folder, '@types/node')
  await run('tar', [
    'xzf',
    join(folder, packed.filename),
    '-C',
    join(modules, 'schemagate'),
    '--strip-components=1',
  ])
  return join(modules, 'schemagate')
}

/** Uses every export. The tables of this project must not be in the types of Knex there. */
const consumer = `
import Fastify from 'fastify'
import knex from 'knex'
import type { Tables } from 'knex/types/tables.js'
import pg from 'pg'
import { pino } from 'pino'
import {
  type Catalog, type Config, type Decision, type Difference, type ErrorCode, type Fact, type Facts, type Gate,
  type DatabaseStatus, type Finding, type ExportDocument, type InitResult, type LogDocument, type MigratedDatabase, type OpenGateOptions, type PlanDocument, type PlanOptions, type RehearsalDocument, type RehearseOptions, type Policy, type StampResult, type ReadOptions, type SchemaHealthOptions, type Snapshot,
  describeError, diff, exitCodes, knexMigrationSource, loadConfig, loadSnapshot, openGate, readCatalog, SchemaError,
  schemaHealth, exportSchema, history, init, migrate, plan, rehearse, snapshot as writeSnapshot, stamp, status, verify, withScratch,
} from 'schemagate'
import { ensureTable, inBatches } from 'schemagate/migrations'

export const up = async (migrating: knex.Knex): Promise<void> => {
  await ensureTable(migrating, 'songs', (table) => table.increments())
  await inBatches(migrating, 'songs', (rows) => rows.update({ title: 'a' }), { size: 10 })
}
export const knexHasNoTables: [keyof Tables] extends [never] ? true : false = true
const config: Config = loadConfig({ root: '.', env: process.env })
export const policy: Policy = config.policy
const app = Fastify({ logger: true })
const state: DatabaseStatus = await status({ env: process.env })
const migrated: MigratedDatabase = await migrate({ env: process.env, to: state.assessment.history.head ?? '' })
const findings: readonly Finding[] = await verify({ env: process.env })
const stamped: StampResult = await stamp({ env: process.env, revision: migrated.applied[0] ?? '' })
const built: InitResult = await init({ env: process.env })
const { file } = await writeSnapshot({ env: process.env })
const scratchUrl: string = await withScratch({ env: process.env }, async (url) => url)
const wanted: PlanOptions & RehearseOptions = { env: process.env, offline: { from: null } }
const planned: PlanDocument = await plan(wanted)
const rehearsed: RehearsalDocument = await rehearse(wanted)
const log: LogDocument = await history({ env: process.env, limit: 3 })
const exported: ExportDocument = await exportSchema({ env: process.env, from: 'database' })
export { exported, log, planned, rehearsed }
export { built, file, findings, scratchUrl, stamped }
export const withPino: Gate = await openGate({ env: process.env, log: pino() })
const options: OpenGateOptions = { env: process.env, settings: { ON_BEHIND: 'warn' }, log: app.log }
const gate: Gate = await openGate(options).catch((error: unknown): never => {
  if (!(error instanceof SchemaError)) throw error
  const code: ErrorCode = error.code
  console.error(code, describeError(error), exitCodes[error.exitCode].meaning)
  process.exit(error.exitCode)
})
const decision: Decision = gate.decision
const health: SchemaHealthOptions = { gate, token: 'secret', details: 'always' }
await app.register(schemaHealth, health)
await app.register(schemaHealth, { gate })
await app.listen({ port: config.http.port })
const read: ReadOptions = { comments: true }
const catalog: Catalog = await readCatalog(new pg.Client(), read)
const facts: Facts | undefined = catalog['table:public.songs']
const fact: Fact | undefined = facts?.['rowSecurity']
const differences: readonly Difference[] = diff(catalog, {})
const snapshot: Snapshot | null = await loadSnapshot('./migrations')
await knex({ client: 'pg', migrations: { migrationSource: knexMigrationSource('/migrations') } }).migrate.latest()
gate.drain('SIGTERM')
export { decision, differences, fact, snapshot }
`

const commonJsConsumer = `
const { loadConfig, openGate, SchemaError } = require('schemagate')
if (typeof require('schemagate/migrations').ensureTable !== 'function') throw new Error('no helpers')
try {
  loadConfig({ root: '.', env: { PORT: 'x' } })
} catch (error) {
  if (typeof openGate === 'function' && error instanceof SchemaError) console.log(error.code)
}
`

t.test('the tarball of npm pack installs, type-checks and runs in another project', async (t) => {
  // Outside of this checkout, because Node and TypeScript would find its packages too.
  const folder = await mkdtemp(join(tmpdir(), 'schemagate-package-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const installed = await installPacked(folder)
  const url = await createDatabase(t)
  const environment = {
    ...process.env,
    DATABASE_URL: url,
    SCRATCH_DATABASE_URL: url,
    NODE_ENV: 'development',
    HEALTH_TOKEN: 'let-me-in',
  }
  const cli = join(installed, 'dist/cli/main.js')
  await cp(join(root, 'docs/example'), folder, { recursive: true })

  await t.test('it has what its users can reach, and nothing else of this project', async (t) => {
    const entries = await readdir(installed, { recursive: true, withFileTypes: true })
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(installed, join(parentPath, name)))
    for (const file of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'dist/index.js.map',
      'docs/commands.md',
      'README.md',
      'LICENSE',
    ])
      t.ok(files.includes(file), file)
    const ours = /^(?:src|test|scripts|migrations|seeds|knexfile|config)|^dist\/main|fleet-|knex-tables/
    t.strictSame(
      files.filter((file) => ours.test(file)),
      [],
    )
    t.ok(files.length < 560, `${files.length} files`)
  })

  await t.test('the command runs on the project it is installed in', async (t) => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const printed = await run(process.execPath, [cli, '--version'], { cwd: folder })
    t.equal(printed.stdout, `${version}\n`)
    const migrated = await run(process.execPath, [cli, 'migrate', '--json'], {
      cwd: folder,
      env: environment,
    })
    t.strictSame(JSON.parse(migrated.stdout).applied, ['20261121100000_create_songs'])
  })

  await t.test('a CommonJS project can require it', async (t) => {
    await writeFile(join(folder, 'consumer.cjs'), commonJsConsumer)
    const { stdout } = await run(process.execPath, ['--no-warnings', 'consumer.cjs'], { cwd: folder })
    t.equal(stdout, 'SCHEMA_CONFIG_INVALID\n')
  })

  await t.test('an unexpected failure names the lines of the source', async (t) => {
    const script = `exec "$0" "$1" --version > /dev/full`
    const failed: unknown = await run('sh', ['-c', script, process.execPath, cli]).catch(
      (error: unknown) => error,
    )
    t.match(failed, {
      code: 1,
      stderr: /^Error: ENOSPC[^]* at print \(\S*\/src\/cli\/command-line\.ts:\d+(?::\d+)?\)$/m,
    })
  })

  await t.test('the command serves the health routes there, and not the fleet API', async (t) => {
    const port = await freePort()
    const env = { ...environment, PORT: String(port) }
    const server = spawn(process.execPath, [cli, 'serve'], { cwd: folder, env })
    t.teardown(() => server.kill('SIGKILL'))
    const statusOf = async (path: string): Promise<number | undefined> =>
      (await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null))?.status
    await eventually('it is ready', {
      look: async () => (await statusOf('/health/ready')) === 200,
      over: () => server.exitCode !== null,
    })
    t.equal(await statusOf('/health/schema'), 200)
    t.equal(await statusOf('/api/v1/environments'), 404)
    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    t.strictSame(await exited, [0, null])
  })

  await t.test('a TypeScript project sees the types', async (t) => {
    await writeFile(join(folder, 'consumer.ts'), consumer)
    const compilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: false,
      module: 'nodenext',
      target: 'es2023',
      types: ['node'],
    }
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
    )
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    )
    t.equal(stdout, '')
  })

  await t.test('the example of the documentation serves behind its gate', async (t) => {
    const example = JSON.parse(await readFile(join(root, 'docs/example/package.json'), 'utf8'))
    const source = String(example.dependencies.schemagate)
    t.equal(resolve(root, 'docs/example', source.replace(/^file:/, '')), root, 'it installs this checkout')
    const port = await freePort()
    const server = spawn(process.execPath, ['server.js'], {
      cwd: folder,
      env: { ...environment, PORT: String(port) },
    })
    t.teardown(() => server.kill('SIGKILL'))
    const base = `http://127.0.0.1:${port}`
    await eventually('it is ready', {
      look: async () => (await fetch(`${base}/health/ready`).catch(() => null))?.ok,
      over: () => server.exitCode !== null,
    })
    t.strictSame(await (await fetch(base)).json(), { revision: '20261121100000_create_songs' })
    const headers = { authorization: 'Bearer let-me-in' }
    const open: unknown = await (await fetch(`${base}/health/schema`, { headers })).json()
    t.match(open, { status: 'pass', database: { environment: 'development', address: /\d+\/test_/ } })
    const closed: unknown = await (await fetch(`${base}/health/schema`)).json()
    t.match(closed, { status: 'pass', database: { environment: 'development' } })
    t.notMatch(JSON.stringify(closed), 'address')
    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    t.strictSame(await exited, [0, null])
    const left = `select from pg_stat_activity where application_name like 'schemagate%' and datname = current_database()`
    await eventually('none of its sessions is left', {
      look: async () => (await query(url, left)).length === 0,
    })
  })

  await t.test('the example refuses with the code of the situation', async (t) => {
    await query(url, 'alter table songs drop column title')
    const refused = await run(process.execPath, ['server.js'], { cwd: folder, env: environment }).catch(
      (error: unknown) => error,
    )
    t.match(refused, { code: 4, stderr: /^SCHEMA_DRIFT: the catalog is not what the migrations promise/m })
  })
})

t.test('npm start runs what was built, without development dependencies', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'schemagate-start-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const name of ['package.json', 'config', 'migrations', 'scripts', 'src'])
    await cp(join(root, name), join(folder, name), { recursive: true })
  await linkDependencies(folder)
  const port = await freePort()
  const env = { PATH: process.env.PATH, DATABASE_URL: await createDatabase(t), PORT: String(port) }
  const refused = await run('npm', ['start'], { cwd: folder, env }).catch((error: unknown) => error)
  t.match(refused, { code: 2, stderr: /dist\/main\.js does not exist[^]*npm run build/ })
  t.notMatch(refused, { stderr: /ERR_MODULE_NOT_FOUND/ })

  await cp(join(await buildOnce(), 'dist'), join(folder, 'dist'), { recursive: true })
  const service = spawn('npm', ['start'], { cwd: folder, env })
  t.teardown(() => service.kill('SIGKILL'))
  await eventually('it is ready', {
    look: async () => (await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null))?.ok,
    over: () => service.exitCode !== null,
  })
  t.equal((await fetch(`http://127.0.0.1:${port}/api/v1/environments`)).status, 200, 'with the fleet API')
  const exited = once(service, 'exit')
  service.kill('SIGTERM')
  t.strictSame(await exited, [0, null])
})
