import pg from 'pg'
import { query } from '../support/database.js'
import type { Case, Side } from './cases.js'
import { createDatabase, type Database, withConnection } from './database.js'
import { createMissingRoles, dropRoles, ownRoles, roleNames } from './roles.js'
import { splitStatements } from './split-statements.js'

/** Runs one side of a case in a transaction that the caller rolls back. */
export async function loadInTransaction(client: pg.Client, testCase: Case, side: Side): Promise<void> {
  const roles = ownRoles(testCase)
  await dropRoles(client, roles)
  await client.query('savepoint conformance_loading')
  for (const sql of scriptsOf(testCase, side)) await client.query(sql)
  // Fails if the case contains COMMIT.
  await client.query('release savepoint conformance_loading')
  // The settings of the case must not affect later statements.
  await client.query('reset all; reset session authorization; reset role')
  await createMissingRoles(client, roles)
}

/** Creates a database and runs one side of a case in it. `drop` also drops the roles that the case created. */
export async function createLoadedDatabase(server: string, testCase: Case, side: Side): Promise<Database> {
  const roles = ownRoles(testCase)
  const before = new Set(roles.length === 0 ? [] : await roleNames(server))
  const { url, drop } = await createDatabase(server)
  const dropAll = async (): Promise<void> => {
    await drop()
    const created = roles.length === 0 ? [] : (await roleNames(server)).filter((name) => !before.has(name))
    for (const name of created) await query(server, `drop role ${pg.escapeIdentifier(name)}`)
  }
  try {
    for (const sql of scriptsOf(testCase, side)) await withConnection(url, (client) => runScript(client, sql))
    await withConnection(url, async (client) => {
      await client.query('begin')
      await createMissingRoles(client, roles)
      await client.query('commit')
    })
  } catch (error) {
    await dropAll()
    throw error
  }
  return { url, drop: dropAll }
}

function scriptsOf({ setup, ...sides }: Case, side: Side): readonly string[] {
  return setup === null ? [sides[side]] : [setup, sides[side]]
}

async function runScript(client: pg.Client, sql: string): Promise<void> {
  try {
    await client.query(sql)
  } catch (error) {
    if (!isRefusedInTransaction(error)) throw error
    for (const statement of splitStatements(sql)) await client.query(statement)
  }
}

/**
 * PostgreSQL runs several statements in one message as one transaction, which it refuses with active_sql_transaction.
 */
function isRefusedInTransaction(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '25001'
}
