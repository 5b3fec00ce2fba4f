import type { Knex } from 'knex'
import type pg from 'pg'
import { inProjectFolder } from '../../project/in-folder.js'
import type { KnexProject } from '../../project/knex-project.js'
import { loadKnex } from '../../project/project-knex.js'
import { addressOf } from '../connection/address.js'
import { runAfterCreate } from '../connection/after-create.js'
import { toClientSettings, type Connection, translateConnectionLoss } from '../connection/connect.js'
import { isLimitReached, secondConnectionError, waitForPlace } from '../connection/connection-limit.js'
import { closeClient, trackConnectionLoss } from '../connection/lifecycle.js'
import { refusePooled } from '../connection/pooler.js'
import { readBackendPid } from '../connection/query.js'
import { disableServerTimeouts, setServerParameters } from '../connection/settings.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { trackTransactionStatus } from '../connection/transaction-status.js'
import { type Watchdog, withWatchdog } from '../connection/watchdog.js'
import { rememberStatements } from './remember-statements.js'
import { readSessionSettings } from './session-settings.js'
import type { KnexSession } from './sessions.js'
import { scopeStatements } from './statement-scope.js'

/**
 * Opens a session, runs `use` in the folder of the knexfile, and closes the session in any case. A lost connection is not
 * replaced: the new one would not hold the lock. The caller's own Knex instance is never used, because Knex's migrator changes its settings.
 */
export async function withKnexSession<T>(
  connection: Connection,
  project: KnexProject,
  use: (session: KnexSession) => Promise<T>,
): Promise<T> {
  const open = (watchdog: Watchdog): Promise<T> =>
    inProjectFolder(project, async () => {
      await refusePooled(watchdog.client(), connection)
      const opened: pg.Client[] = []
      const knex = await createSingleConnectionKnex(connection, project, (client) => {
        opened.push(client)
        watchdog.watch(client)
      })
      try {
        return await translateConnectionLoss(opened, connection, async () => {
          const client = await openOnlyConnection(knex, opened, watchdog, connection)
          const pid = await configureSession(client)
          await watchdog.pingFor(pid)
          return use({ knex, client, pid, settings: await readSessionSettings(client), watchdog })
        })
      } finally {
        await knex.destroy()
      }
    })
  return withWatchdog(connection, open)
}

async function openOnlyConnection(
  knex: Knex,
  opened: readonly pg.Client[],
  watchdog: Watchdog,
  connection: Connection,
): Promise<pg.Client> {
  await waitForPlace(async () => knex.raw('select 1')).catch(async (error: unknown) => {
    throw isLimitReached(error)
      ? await secondConnectionError(error, watchdog.client(), addressOf(connection))
      : error
  })
  const [client] = opened
  if (client === undefined) throw new Error('Knex made no connection')
  return client
}

/** A Knex instance that opens one connection and no second one. */
async function createSingleConnectionKnex(
  connection: Connection,
  project: KnexProject,
  onOpen: (client: pg.Client) => void,
): Promise<Knex> {
  const createKnex = loadKnex(project)
  let isOpen = false
  const afterCreate = (client: pg.Client, done: (error: Error | null, client: pg.Client) => void): void => {
    trackConnectionLoss(client)
    trackTransactionStatus(client)
    if (isOpen) {
      // Knex forgets a connection that is refused here, and leaves it open.
      const lost = new Error('the connection that held the migration lock was lost')
      const refuse = (): void => done(lost, client)
      void closeClient(client).then(refuse, refuse)
      return
    }
    isOpen = true
    scopeStatements(client)
    onOpen(client)
    const report = (failure: Error | null): void => done(failure, client)
    void prepareOrClose(client, connection).then(report)
  }
  return createKnex({
    client: 'pg',
    // Errors then say where a statement was made; without it their stacks end in the driver.
    asyncStackTraces: true,
    log: silentLog,
    ...project.settings,
    connection: { ...(await toClientSettings(connection)) },
    pool: { min: 1, max: 1, afterCreate },
  })
}

/** Runs the hook of the knexfile. A connection on which it fails is closed, and the error returned. */
async function prepareOrClose(client: pg.Client, connection: Connection): Promise<Error | null> {
  try {
    await rememberStatements(client, () => runAfterCreate(client, connection))
    return null
  } catch (error) {
    await closeClient(client).catch(() => {})
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** The error that Knex throws for a failing migration says more than what it logs. */
const silentLog = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} }

/** Lets the server notice a dead client while a statement runs, and while it waits for the next one. */
const clientCheckSettings = [
  { client_connection_check_interval: '1s' },
  { tcp_keepalives_idle: '10', tcp_keepalives_interval: '5', tcp_keepalives_count: '3' },
] as const

/** The server notices a killed client instead of finishing its statement; not every platform can. */
async function configureSession(client: pg.Client): Promise<number> {
  await disableServerTimeouts(client)
  for (const settings of clientCheckSettings)
    await setServerParameters(client, settings, 'session').catch((error: unknown) => {
      if (!isRefusedSetting(error)) throw error
    })
  return readBackendPid(client)
}

function isRefusedSetting(error: unknown): boolean {
  return hasSqlState(error, sqlState.invalidParameterValue, sqlState.undefinedObject)
}
