import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { withClient } from '../connection/connect.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { serverUrlOf } from './cluster.js'
import { findPostmaster } from './postmaster.js'
import type { ServerHome } from './server-home.js'

/** The database of the service. */
export const serviceDatabase = 'schemagate'

/** A server that took our password, and has our database. */
export interface AnsweringServer {
  readonly state: 'answers'
  readonly pid: number
  readonly port: number
}

/** How the server of a home answers. Silent: it runs, but is starting, stopping, or somebody else's at a port that was ours. */
export type ServerStatus =
  AnsweringServer | { readonly state: 'silent'; readonly cause?: unknown } | { readonly state: 'absent' }

/** Asks the server of a home, and creates the database if it is the first time. */
export async function readServerStatus(home: ServerHome): Promise<ServerStatus> {
  const found = await findPostmaster(home)
  if (found === undefined) return { state: 'absent' }
  if (!found.ready) return { state: 'silent' }
  const { pid, port } = found
  const url = await serverUrlOf(home, { port, database: 'postgres' })
  try {
    await withClient({ url, ssl: 'disable', applicationName: 'schemagate' }, ensureDatabase)
    return { state: 'answers', pid, port }
  } catch (cause) {
    // The server may be shut down at this moment.
    if (cause instanceof SchemaError || hasSqlState(cause, sqlState.adminShutdown))
      return { state: 'silent', cause }
    throw cause
  }
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [serviceDatabase])
  if (rowCount !== 0) return
  try {
    await client.query(`create database ${serviceDatabase} template template0`)
  } catch (error) {
    // Another starter was faster: it exists, or its row is being inserted right now.
    if (!hasSqlState(error, sqlState.duplicateDatabase, sqlState.uniqueViolation)) throw error
  }
}
