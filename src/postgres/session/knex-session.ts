import type { Knex } from 'knex'
import type pg from 'pg'
import type { KnexProject } from '../../project/knexfile.js'
import { toClientSettings, connect, type Connection, translateConnectionLoss } from '../connection/connect.js'
import { closeClient, trackConnectionLoss } from '../connection/lifecycle.js'
import { refusePooled } from '../connection/pooler.js'
import { readBackendPid } from '../connection/query.js'
import { setServerParameters } from '../connection/settings.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { type WatchClient, withWatchdog } from '../connection/watchdog.js'

/** A Knex instance of our own with exactly one connection, and that connection: lock, DDL and verification share it. */
export interface KnexSession {
  readonly knex: Knex
  readonly client: pg.Client
  readonly pid: number
  /** Ends this connection as well, should the server not answer any more. */
  readonly watchClient: WatchClient
}

/**
 * Opens a session, hands it over, and closes it however that goes. A connection that is lost is not replaced: the new
 * one would not hold the lock. The caller's own Knex instance is never used, because the migrator changes its settings.
 */
export async function withKnexSession<T>(
  connection: Connection,
  project: KnexProject,
  use: (session: KnexSession) => Promise<T>,
): Promise<T> {
  const client = await connect(connection)
  return withWatchdog(connection, client, async (guard) => {
    await refusePooled(client, connection)
    return openKnexSession({ connection, project, guard }, use)
  })
}

interface Opening {
  readonly connection: Connection
  readonly project: KnexProject
  readonly guard: WatchClient
}

async function openKnexSession<T>(
  { connection, project, guard }: Opening,
  use: (session: KnexSession) => Promise<T>,
): Promise<T> {
  const { default: createKnex } = await import('knex')
  const opened: pg.Client[] = []
  const afterCreate = (client: pg.Client, done: (error: Error | null, client: pg.Client) => void): void => {
    trackConnectionLoss(client)
    if (opened.length > 0) {
      // Knex forgets a connection that is refused here, and leaves it open.
      const lost = new Error('the connection that held the migration lock was lost')
      const refuse = (): void => done(lost, client)
      void closeClient(client).then(refuse, refuse)
      return
    }
    opened.push(client)
    guard(client)
    done(null, client)
  }
  const knex = createKnex({
    ...project.settings,
    client: 'pg',
    connection: { ...toClientSettings(connection) },
    pool: { min: 1, max: 1, afterCreate },
    log: silentLog,
  })
  try {
    return await translateConnectionLoss(opened, connection, async () => {
      await knex.raw('select 1')
      const [client] = opened
      if (client === undefined) throw new Error('Knex made no connection')
      return use({ knex, client, pid: await configureSession(client), watchClient: guard })
    })
  } finally {
    await knex.destroy()
  }
}

/** What Knex logs about a failing migration is said better by the error it then throws. */
const silentLog = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} }

/** How the server notices a client that is gone: while a statement runs, and while it waits for the next one. */
const clientCheckSettings = [
  { client_connection_check_interval: '1s' },
  { tcp_keepalives_idle: '10', tcp_keepalives_interval: '5', tcp_keepalives_count: '3' },
] as const

/**
 * Lets the server notice a client that was killed, instead of finishing its statement; not every platform can. A
 * lock_timeout of the role would leave an invalid index behind where CREATE INDEX CONCURRENTLY waits.
 */
async function configureSession(client: pg.Client): Promise<number> {
  await setServerParameters(client, { lock_timeout: '0' }, 'session')
  for (const settings of clientCheckSettings)
    await setServerParameters(client, settings, 'session').catch((error: unknown) => {
      if (!isRefusedSetting(error)) throw error
    })
  return readBackendPid(client)
}

function isRefusedSetting(error: unknown): boolean {
  return hasSqlState(error, sqlState.invalidParameterValue, sqlState.undefinedObject)
}
