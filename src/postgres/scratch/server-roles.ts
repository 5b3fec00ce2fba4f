import pg from 'pg'
import { type Connection, withClient } from '../connection/connect.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'

/** The role that a statement names and the server does not have; null for any other error. Needs a server that speaks English. */
export function missingRoleOf(error: unknown): string | null {
  if (!hasSqlState(error, sqlState.undefinedObject, sqlState.invalidParameterValue)) return null
  return /role "(.+)" does not exist$/.exec(error.message)?.[1] ?? null
}

/** What makes a role that cannot log in. */
export function createRoleStatement(role: string): string {
  return `create role ${pg.escapeIdentifier(role)}`
}

/** Creates a role that cannot log in. */
export async function createRole(server: Connection, role: string): Promise<void> {
  await withClient(server, (client) => client.query(createRoleStatement(role)))
}

/** Drops a role of this server with its privileges. Throws where it owns something in a database. */
export async function dropRole(server: Connection, role: string): Promise<void> {
  const name = pg.escapeIdentifier(role)
  await withClient(server, async (client) => {
    await client.query(`drop owned by ${name}`)
    await client.query(`drop role ${name}`)
  })
}
