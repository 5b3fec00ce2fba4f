import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'
import type { Owner } from './database.js'
import { eventually, freePort } from './process.js'

export interface PoolerOptions {
  /** When a client gives its session of PostgreSQL back: after each transaction, or when it leaves. */
  readonly mode: 'transaction' | 'session'
  /** How many sessions of PostgreSQL there are for all clients. */
  readonly size?: number
}

/** Starts PgBouncer in front of the server of this URL, until the test ends. Returns the URL of the same database through it. */
export async function createPooler(
  t: Owner,
  target: string,
  { mode, size = 5 }: PoolerOptions,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const port = await freePort()
  const file = join(directory, 'pgbouncer.ini')
  await writeFile(file, settings(target, { port, mode, size }))
  const stop = startPooler(file)
  t.teardown(stop.stop)
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`
  url.password = ''
  await eventually('PgBouncer answers', { look: () => answers(url.href), ...stop })
  return url.href
}

const program = 'pgbouncer'
/** Debian installs it where only root looks. */
const path = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`

/** Why tests with a pooler cannot run here; false where they can. */
export const withoutPooler: string | false = path
  .split(delimiter)
  .some((folder) => existsSync(join(folder, program)))
  ? false
  : 'PgBouncer is not installed; as root: apt-get install pgbouncer'

function startPooler(file: string) {
  // It refuses to run as root, and then changes to the account that is named.
  const account = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(program, [...account, file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: path },
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  let failure: Error | undefined
  child.on('error', (cause) => {
    failure = new Error('PgBouncer cannot be started', { cause })
  })
  const hasEnded = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null
  return {
    otherwise: () => `${failure?.message ?? ''}\n${output}`,
    over: hasEnded,
    stop: async () => {
      if (hasEnded()) return
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}

function settings(target: string, { port, mode, size }: Required<PoolerOptions> & { port: number }): string {
  const { hostname, port: serverPort, username, password } = new URL(target)
  const server = {
    host: hostname,
    port: serverPort || '5432',
    user: decodeURIComponent(username),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  }
  const words = Object.entries(server).map(([name, value]) => `${name}='${value.replaceAll("'", "''")}'`)
  return [
    '[databases]',
    `* = ${words.join(' ')}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${mode}`,
    `default_pool_size = ${size}`,
    'max_client_conn = 500',
    '',
  ].join('\n')
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  return client.connect().then(
    () => client.end().then(() => true),
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return false
      throw error
    },
  )
}
