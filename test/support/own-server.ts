import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startEmbedded, stopEmbedded } from '../../src/postgres/embedded/server.js'
import { type Owner, query, type Row } from './database.js'
import { createProxy, type Proxy } from './proxy.js'

/** A PostgreSQL of a test's own, that it may stop and kill, behind a way that stays where it is. */
export interface OwnServer {
  /** The superuser's URL through the proxy: the same after every start. */
  readonly url: string
  readonly proxy: Proxy
  /** The superuser's URL past the proxy: until the server is stopped. */
  readonly direct: () => string
  /** Runs SQL as the superuser, past the proxy. */
  readonly query: (sql: string) => Promise<readonly Row[]>
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  /** Kills it as a power cut would. */
  readonly crash: () => Promise<void>
  /** What it has said since it was last started. */
  readonly log: () => Promise<string>
  /** Stops it, and starts it so that no file of it can become larger than this, in bytes: a disk that is full. */
  readonly startOnSmallDisk: (size: number) => Promise<void>
  /** A server that replays what this one does, and runs until the test ends. Returns its superuser's URL. */
  readonly startStandby: () => Promise<string>
}

const run = promisify(execFile)
const durable = false
const embedded = new URL('../../src/postgres/embedded/server.ts', import.meta.url).href
const root = new URL('../..', import.meta.url)

/** Starts one, until the test ends. */
export async function createServer(t: Owner): Promise<OwnServer> {
  const directory = await emptyDirectory(t)
  let { url } = await startEmbedded({ directory, durable })
  const proxy = await createProxy(t, url, { keep: false })
  await proxy.mend()
  const start = async (): Promise<void> => {
    url = (await startEmbedded({ directory, durable })).url
    proxy.redirect(url)
  }
  const stop = (): Promise<void> => stopEmbedded({ directory })
  return {
    url: proxy.url,
    proxy,
    direct: () => url,
    query: (sql) => query(url, sql),
    start,
    stop,
    crash: async () => void process.kill(await postmasterOf(directory), 'SIGKILL'),
    log: () => readFile(join(directory, 'server.log'), 'utf8'),
    startOnSmallDisk: async (size) => {
      await stop()
      const code = `(await import('${embedded}')).startEmbedded({ directory: process.argv[1], durable: false })`
      const script = `ulimit -S -f ${Math.round(size / 512)}; exec "$0" --import tsx --input-type module -e "$1" "$2"`
      await run('sh', ['-c', script, process.execPath, code, directory], { cwd: root })
      await start()
    },
    startStandby: async () => {
      await stop()
      const copy = await emptyDirectory(t)
      await run('cp', ['-a', await realpath(directory), copy])
      await start()
      return startCopy(copy, url)
    },
  }
}

async function startCopy(directory: string, primary: string): Promise<string> {
  const data = join(directory, 'cluster', 'data')
  const { hostname, port, username, password } = new URL(primary)
  const source = `host=${hostname} port=${port} user=${username} password=${password}`
  await writeFile(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`)
  await writeFile(join(data, 'standby.signal'), '')
  return (await startEmbedded({ directory, durable })).url
}

async function postmasterOf(directory: string): Promise<number> {
  const file = await readFile(join(directory, 'cluster', 'data', 'postmaster.pid'), 'utf8')
  return Number(file.split('\n', 1)[0])
}

/** Not `t.testdir()`: that is removed before the server could be stopped, and root's server runs as another account. */
async function emptyDirectory(t: Owner): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'schemagate-own-'))
  await chmod(parent, 0o755)
  const directory = join(parent, 'postgres')
  t.teardown(async () => {
    await stopEmbedded({ directory })
    await rm(parent, { recursive: true })
  })
  return directory
}
