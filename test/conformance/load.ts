import pg from 'pg'
import { query } from '../support/database.js'
import type { Case, Side } from './cases.js'
import { connected, createDatabase, type Database } from './database.js'
import { completeRoles, dropRoles, ownRoles, roleNames } from './roles.js'
import { splitStatements } from './split.js'

/** Runs one side of a case in a transaction that is to be rolled back. */
export async function loadIn(client: pg.Client, one: Case, side: Side): Promise<void> {
  const roles = ownRoles(one)
  await dropRoles(client, roles)
  await client.query('savepoint conformance_loading')
  for (const text of textsOf(one, side)) await client.query(text)
  // Fails if the case has a COMMIT of its own.
  await client.query('release savepoint conformance_loading')
  // The case's settings are not those of who comes after.
  await client.query('reset all; reset session authorization; reset role')
  await completeRoles(client, roles)
}

/** Creates a database and runs one side of a case in it. Dropped with it are the roles that the case created. */
export async function loadNew(server: string, one: Case, side: Side): Promise<Database> {
  const roles = ownRoles(one)
  const before = new Set(roles.length === 0 ? [] : await roleNames(server))
  const { url, drop } = await createDatabase(server)
  const dropAll = async (): Promise<void> => {
    await drop()
    const created = roles.length === 0 ? [] : (await roleNames(server)).filter((name) => !before.has(name))
    for (const name of created) await query(server, `drop role ${pg.escapeIdentifier(name)}`)
  }
  try {
    for (const text of textsOf(one, side)) await connected(url, (client) => runWhole(client, text))
    await connected(url, async (client) => {
      await client.query('begin')
      await completeRoles(client, roles)
      await client.query('commit')
    })
  } catch (error) {
    await dropAll()
    throw error
  }
  return { url, drop: dropAll }
}

function textsOf({ setup, ...one }: Case, side: Side): readonly string[] {
  return setup === null ? [one[side]] : [setup, one[side]]
}

async function runWhole(client: pg.Client, text: string): Promise<void> {
  try {
    await client.query(text)
  } catch (error) {
    if (!isRefusedInTransaction(error)) throw error
    for (const statement of splitStatements(text)) await client.query(statement)
  }
}

/** Several statements in one message are one transaction. */
function isRefusedInTransaction(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '25001'
}
