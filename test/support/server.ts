import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbedded, stopEmbedded } from '../../src/postgres/embedded/server.js'
import { inMemory } from './memory.js'

export interface TestServer {
  /** A superuser's URL. */
  readonly url: string
}

/** Shared by all test files and by runs at the same time. The data stays for the next run. */
const own = fileURLToPath(new URL('../../.schemagate/test-postgres', import.meta.url))
const directory = inMemory(own) ?? own
const runs = (): boolean => existsSync(`${directory}/cluster/data/postmaster.pid`)

/** Whoever uses the embedded server holds this lock, shared, until his process ends, however it ends. */
const useLock = "hashtext('schemagate: the test server is in use')"

let server: Promise<TestServer> | undefined

/** The PostgreSQL of this test process: TEST_DATABASE_URL, else a container, else the embedded one. */
export function testServer(): Promise<TestServer> {
  server ??= findServer()
  return server
}

/** Stops the embedded server if no process uses it. Runs after each tap run; what killed tests left behind is dropped. */
export async function stopTestServer(): Promise<void> {
  if (!runs()) return
  try {
    const { url } = await startEmbedded({ directory, durable: false })
    await stopUnlessUsed(url)
  } catch (error) {
    // Another run was faster.
    if (!isStopped(error)) throw error
  }
}

async function stopUnlessUsed(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  // Stopping the server ends this connection as well, from the other side.
  client.on('error', () => {})
  await client.connect()
  try {
    if (await isUnused(client)) await dropLeftovers(client).finally(() => stopEmbedded({ directory }))
  } finally {
    await client.end()
  }
}

async function findServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return { url: given }
  // If it runs, no container runtime answered; asking costs half a second.
  return (runs() ? undefined : await startContainer()) ?? useEmbedded()
}

async function startContainer(): Promise<TestServer | undefined> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  const answered = getContainerRuntimeClient().then(() => true, isMissingRuntime)
  if (!(await Promise.race([answered, sleep(3_000, false, { ref: false })]))) return undefined
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  const container = await new PostgreSqlContainer('postgres:17-alpine').start()
  return { url: container.getConnectionUri() }
}

function isMissingRuntime(error: unknown): false {
  if (error instanceof Error && error.message.includes('container runtime')) return false
  throw error
}

async function useEmbedded(): Promise<TestServer> {
  for (;;) {
    const used = await tryEmbedded()
    if (used) return used
  }
}

/** Undefined if another run has stopped the server after it was found here and before it was locked. */
async function tryEmbedded(): Promise<TestServer | undefined> {
  try {
    const { url } = await startEmbedded({ directory, durable: false })
    // A pool, because its idle connection does not keep the process from ending.
    const pool = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true })
    await pool.query(`select pg_advisory_lock_shared(${useLock})`)
    return { url }
  } catch (error) {
    if (isStopped(error)) return undefined
    throw error
  }
}

function isStopped(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (/^Connection terminated|connection error and is not queryable/.test(error.message)) return true
  const codes = ['57P01', '57P03', 'ECONNREFUSED', 'ECONNRESET']
  return 'code' in error && codes.some((code) => code === error.code)
}

/** A process that has just ended may hold the lock for a moment more. */
async function isUnused(client: pg.Client): Promise<boolean> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const { rows } = await client.query<{ free: boolean }>(`select pg_try_advisory_lock(${useLock}) as free`)
    if (rows[0]?.free) return true
    await sleep(100)
  }
  return false
}

async function dropLeftovers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ drop: string }>(
    `select format('drop database %I with (force)', datname) as drop from pg_database where datname like 'test\\_%'
     union all
     select format('drop role %I', rolname) from pg_roles where rolname like 'test\\_%'`,
  )
  for (const { drop } of rows) await client.query(drop)
}
