import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { withClient } from '../connection/connect.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { findPostmaster } from './postmaster.js'
import { type ServerHome, serverUrlOf } from './server-parts.js'

/** The database that the embedded server provides. */
export const serviceDatabase = 'schemagate'

/** A server that accepts the password and has the database. */
export interface AnsweringServer {
  readonly state: 'answers'
  readonly pid: number
  readonly port: number
}

/** Silent: it runs, but it starts or stops, or a foreign server has its port now. */
export type ServerStatus =
  AnsweringServer | { readonly state: 'silent'; readonly cause?: unknown } | { readonly state: 'absent' }

/** Connects to the server of a home, and creates its database if it is missing. */
export async function readServerStatus(home: ServerHome): Promise<ServerStatus> {
  const found = await findPostmaster(home)
  if (found === undefined) return { state: 'absent' }
  if (!found.ready) return { state: 'silent' }
  const { pid, port } = found
  const url = await serverUrlOf(home, port, 'postgres')
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
    // A different process was faster: the database exists, or its row is being inserted.
    if (!hasSqlState(error, sqlState.duplicateDatabase, sqlState.uniqueViolation)) throw error
  }
}
