import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded, stopEmbedded } from '../../src/postgres/embedded/server.js'
import { type Owner, query, type Row } from '../support/database.js'
import { eventually } from '../support/process.js'
import { createProxy, type Proxy } from '../support/proxy.js'

/** How a server ends: open transactions are rolled back, or it recovers when it starts again. */
export type Ending = 'fast' | 'immediate'

/** A PostgreSQL of our own, and the way to it that the services take. */
export interface Ground {
  /** The URL of the role that is no superuser, through the proxy. */
  readonly url: string
  readonly proxy: Proxy
  /** Runs SQL as the superuser, past the proxy. */
  readonly query: (sql: string) => Promise<readonly Row[]>
  /** A session past the proxy. */
  readonly session: (who: 'superuser' | 'service') => Promise<pg.Client>
  /** A superuser's URL, on whose server databases can be created. */
  readonly adminUrl: () => string
  readonly stop: (ending: Ending) => Promise<void>
  readonly start: () => Promise<void>
}

const role = 'fleet'

/** Creates and starts all of it. What it stores survives a crash, or the books could not balance. */
export async function createGround(owner: Owner): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'schemagate-soak-'))
  owner.teardown(() => rm(folder, { recursive: true, force: true }))
  // The server may run as another user.
  await chmod(folder, 0o755)
  const directory = join(folder, 'postgres')
  let admin = (await startEmbedded({ directory })).url
  owner.teardown(() => stopEmbedded({ directory }))
  const password = randomBytes(12).toString('hex')
  await query(admin, `create role ${role} login password '${password}'`)
  await query(admin, `create database ${role} owner ${role} template template0`)
  const own = (): string => {
    const url = new URL(admin)
    url.pathname = `/${role}`
    return url.href
  }
  const serviceUrl = (): string => Object.assign(new URL(own()), { username: role, password }).href
  const proxy = await createProxy(owner, serviceUrl(), { keep: false })
  await proxy.mend()
  return {
    url: proxy.url,
    proxy,
    query: (sql) => query(own(), sql),
    session: (who) => openSession(who === 'superuser' ? own() : serviceUrl()),
    adminUrl: () => admin,
    stop: (ending) => stopServer(directory, ending),
    start: async () => {
      admin = (await startEmbedded({ directory })).url
      proxy.redirect(admin)
    },
  }
}

async function openSession(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  // Its end may be a fault of this very soak.
  client.on('error', () => {})
  await client.connect()
  return client
}

async function stopServer(directory: string, ending: Ending): Promise<void> {
  if (ending === 'fast') return stopEmbedded({ directory })
  const file = join(directory, 'cluster/data/postmaster.pid')
  const [pid] = (await readFile(file, 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGQUIT')
  await eventually('the server has ended', { look: () => !existsSync(file) })
}
