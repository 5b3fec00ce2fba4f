import pg from 'pg'
import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf } from './address.js'
import { type AfterCreate, runAfterCreate } from './after-create.js'
import {
  type ClientAddress,
  type ClientSettings,
  clientSettingsToTry,
  connectAttemptTimeout,
} from './client-settings.js'
import { classifyConnectionError, type ConnectionFailure, connectionLossError } from './connect-errors.js'
import { withTimeout, closeClient, isSessionLost, trackConnectionLoss } from './lifecycle.js'
import { readInTurns } from './read-in-turns.js'
import { dependsOnTls, isWithoutTls } from './tls.js'

/** How to reach a database, and what is done with each session there. */
export interface Connection extends ClientAddress {
  readonly afterCreate?: AfterCreate
}

/** The settings with which Knex reaches the database; where the URL leaves encryption to the server, those that worked. */
export async function toClientSettings(connection: Connection): Promise<ClientSettings> {
  const settings = await clientSettingsToTry(connection)
  const [first] = settings
  if (first !== undefined && settings.length === 1) return first
  const opened = await openClient(connection).catch((error: unknown) => {
    throw classifyConnectionError(error, addressOf(connection)).error
  })
  await closeClient(opened.client)
  return opened.settings
}

/** Connects once. Throws a SchemaError that says why it failed. */
export async function connect(connection: Connection): Promise<pg.Client> {
  const attempt = await tryConnect(connection)
  if ('client' in attempt) return attempt.client
  throw attempt.failure.error
}

/**
 * Connects, runs `use` with the client, and always closes it. Throws SCHEMA_DATABASE_UNREACHABLE where `use` fails because
 * the connection was lost.
 */
export async function withClient<T>(
  connection: Connection,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(connection)
  try {
    return await translateConnectionLoss([client], connection, () => use(client))
  } finally {
    await closeClient(client)
  }
}

/** Runs `use`. Throws SCHEMA_DATABASE_UNREACHABLE where it fails because one of the clients lost its connection. */
export async function translateConnectionLoss<T>(
  clients: readonly pg.ClientBase[],
  connection: Connection,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use()
  } catch (error) {
    if (error instanceof SchemaError || !isSessionLost(error, clients)) throw error
    throw connectionLossError(error, addressOf(connection))
  }
}

type ConnectAttempt = { readonly client: pg.Client } | { readonly failure: ConnectionFailure }

/** Connects once, and returns a failure instead of throwing it. */
export async function tryConnect(connection: Connection): Promise<ConnectAttempt> {
  try {
    const { client } = await openClient(connection)
    await prepareClient(client, connection)
    return { client }
  } catch (error) {
    if (error instanceof SchemaError) return { failure: { error, retry: false } }
    return { failure: classifyConnectionError(error, addressOf(connection)) }
  }
}

async function prepareClient(client: pg.Client, connection: Connection): Promise<void> {
  try {
    await runAfterCreate(client, connection)
  } catch (error) {
    const lost = isSessionLost(error instanceof SchemaError ? error.cause : error, [client])
    await closeClient(client)
    throw lost && error instanceof SchemaError ? error.cause : error
  }
}

interface OpenedClient {
  readonly client: pg.Client
  readonly settings: ClientSettings
}

async function openClient(connection: Connection): Promise<OpenedClient> {
  const all = await clientSettingsToTry(connection)
  let first: unknown = null
  for (const settings of all)
    try {
      return { client: await openWith(settings), settings }
    } catch (error) {
      // The second attempt says more, unless it failed only because there is no TLS.
      if (first !== null && isWithoutTls(errorMessage(error))) throw first
      if (settings === all.at(-1) || !dependsOnTls(error)) throw error
      first = error
    }
  throw first
}

async function openWith(settings: ClientSettings): Promise<pg.Client> {
  // pg's own timer also fires where this process was suspended for that long.
  const client = new pg.Client({ ...settings, connectionTimeoutMillis: 0 })
  trackConnectionLoss(client)
  try {
    await withTimeout(client, { timeout: connectAttemptTimeout }, () => client.connect())
    readInTurns(client.connection.stream)
    return client
  } catch (error) {
    await closeClient(client)
    throw error
  }
}
