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
  /** Has the watchdog end this connection too if the server stops answering. */
  readonly watchClient: WatchClient
}

/**
 * Opens a session, runs `use`, and closes the session in any case. A lost connection is not replaced: the new one would not
 * hold the lock. The caller's own Knex instance is never used, because Knex's migrator changes its settings.
 */
export async function withKnexSession<T>(
  connection: Connection,
  project: KnexProject,
  use: (session: KnexSession) => Promise<T>,
): Promise<T> {
  const client = await connect(connection)
  return withWatchdog(connection, client, async (watchClient) => {
    await refusePooled(client, connection)
    const opened: pg.Client[] = []
    const knex = await createSingleConnectionKnex(connection, project, (client) => {
      opened.push(client)
      watchClient(client)
    })
    try {
      return await translateConnectionLoss(opened, connection, async () => {
        await knex.raw('select 1')
        const [client] = opened
        if (client === undefined) throw new Error('Knex made no connection')
        return use({ knex, client, pid: await configureSession(client), watchClient })
      })
    } finally {
      await knex.destroy()
    }
  })
}

/** A Knex instance that opens one connection and no second one. */
async function createSingleConnectionKnex(
  connection: Connection,
  project: KnexProject,
  onOpen: (client: pg.Client) => void,
): Promise<Knex> {
  const { default: createKnex } = await import('knex')
  let isOpen = false
  const afterCreate = (client: pg.Client, done: (error: Error | null, client: pg.Client) => void): void => {
    trackConnectionLoss(client)
    if (isOpen) {
      // Knex forgets a connection that is refused here, and leaves it open.
      const lost = new Error('the connection that held the migration lock was lost')
      const refuse = (): void => done(lost, client)
      void closeClient(client).then(refuse, refuse)
      return
    }
    isOpen = true
    onOpen(client)
    done(null, client)
  }
  return createKnex({
    ...project.settings,
    client: 'pg',
    connection: { ...toClientSettings(connection) },
    pool: { min: 1, max: 1, afterCreate },
    log: silentLog,
  })
}

/** The error that Knex throws for a failing migration says more than what it logs. */
const silentLog = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} }

/** Lets the server notice a dead client while a statement runs, and while it waits for the next one. */
const clientCheckSettings = [
  { client_connection_check_interval: '1s' },
  { tcp_keepalives_idle: '10', tcp_keepalives_interval: '5', tcp_keepalives_count: '3' },
] as const

/**
 * The server notices a killed client instead of finishing its statement; not every platform can. A lock_timeout set for the
 * role would make CREATE INDEX CONCURRENTLY leave an invalid index behind, so it is reset.
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
