import type pg from 'pg'
import { queryRows } from '../connection/query.js'

/**
 * Creates a database from a template to which nobody is connected. A server that syncs nothing to disk copies files faster than
 * it logs their pages; PostgreSQL 14 always copies them, and has no strategies.
 */
export async function createDatabaseFrom(
  client: pg.ClientBase,
  template: string,
  name: string,
): Promise<void> {
  const [row] = await queryRows(
    client,
    `select current_setting('fsync') = 'off' and current_setting('server_version_num')::int >= 150000 as "copiesFiles"`,
  )
  const strategy = row?.['copiesFiles'] === true ? 'strategy file_copy' : ''
  await client.query(`create database ${name} template ${template} ${strategy}`)
}
