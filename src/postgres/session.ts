import type { Knex } from 'knex'
import type pg from 'pg'
import { clientConfig, type Connection } from './connect.js'
import type { KnexProject } from './project.js'

/** A Knex instance of our own with exactly one connection, and that connection: lock, DDL and verification share it. */
export interface Session {
  readonly knex: Knex
  readonly client: pg.Client
  readonly pid: number
}

/**
 * Opens a session, hands it over, and closes it however that goes. A connection that is lost is not replaced: the new
 * one would not hold the lock. The caller's own Knex instance is never used, because the migrator changes its settings.
 */
export async function withSession<T>(
  connection: Connection,
  project: KnexProject,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const { default: createKnex } = await import('knex')
  const opened: pg.Client[] = []
  const afterCreate = (client: pg.Client, done: (error: Error | null, client: pg.Client) => void): void => {
    const lost = opened.length > 0 ? new Error('the connection that held the migration lock was lost') : null
    opened.push(client)
    done(lost, client)
  }
  const knex = createKnex({
    ...project.settings,
    client: 'pg',
    connection: { ...clientConfig(connection) },
    pool: { min: 1, max: 1, afterCreate },
    log: silent,
  })
  try {
    await knex.raw('select 1')
    const [client] = opened
    if (client === undefined) throw new Error('Knex made no connection')
    return await use({ knex, client, pid: await prepare(client) })
  } finally {
    await knex.destroy()
  }
}

/** What Knex logs about a failing migration is said better by the error it then throws. */
const silent = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} }

/** Lets the server notice a client that was killed, instead of finishing its statement. Not every platform can. */
async function prepare(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  await client
    .query("select set_config('client_connection_check_interval', '1s', false)")
    .catch((error: unknown) => {
      if (!isRefusedSetting(error)) throw error
    })
  return rows[0]?.pid ?? 0
}

function isRefusedSetting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '22023' || error.code === '42704')
}
