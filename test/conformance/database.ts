import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { query } from '../support/database.js'

const statementTimeout = 30_000

/** SQLSTATE object_in_use. */
const objectInUse = '55006'

/** A new database. */
export interface Database {
  readonly url: string
  readonly drop: () => Promise<void>
}

/** Creates an empty database with a random name. */
export async function createDatabase(server: string): Promise<Database> {
  const name = `test_conformance_${randomBytes(6).toString('hex')}`
  await query(server, `create database ${name} template template0`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => dropDatabase(server, url) }
}

/** Connects to a database. The caller ends the connection. */
export async function openConnection(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, statement_timeout: statementTimeout })
  // The next query fails when the connection is lost. Without a listener the event would end the process.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Connects to a database, passes the client, and ends it in any case. */
export async function withConnection<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openConnection(url)
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

async function dropDatabase(server: string, url: URL): Promise<void> {
  const drop = `drop database ${url.pathname.slice(1)} with (force)`
  try {
    await query(server, drop)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === objectInUse)) throw error
    await dropSubscriptions(url.href)
    await query(server, drop)
  }
}

/**
 * A database with a subscription cannot be dropped. DROP SUBSCRIPTION with a slot would connect to the publisher first.
 */
async function dropSubscriptions(url: string): Promise<void> {
  const names = await query(
    url,
    `select quote_ident(subname) as name from pg_subscription
     where subdbid = (select oid from pg_database where datname = current_database())`,
  )
  for (const { name } of names) {
    await query(url, `alter subscription ${String(name)} disable`)
    await query(url, `alter subscription ${String(name)} set (slot_name = none)`)
    await query(url, `drop subscription ${String(name)}`)
  }
}
