import pg from 'pg'
import type { KnexProject } from '../../project/knex-project.js'
import { queryRows } from '../connection/query.js'
import { quoteTableName } from '../ledger/ledger.js'

/**
 * Releases Knex's lock row, and returns whether it was taken. To be called under our lock: Knex's row outlives a killed
 * process, and starters that race can leave two.
 */
export async function releaseKnexLock(
  client: pg.Client,
  schema: string,
  project: KnexProject,
): Promise<boolean> {
  if (!(await isKnexLockTaken(client, schema, project))) return false
  const table = knexLockTable(schema, project)
  // One message is one transaction, also within another.
  await client.query(`delete from ${table}; insert into ${table} (is_locked) values (0)`)
  return true
}

/** Whether Knex would refuse to migrate because of its lock row. */
export async function isKnexLockTaken(
  client: pg.ClientBase,
  schema: string,
  project: KnexProject,
): Promise<boolean> {
  const table = knexLockTable(schema, project)
  const [exists] = await queryRows(
    client,
    `select to_regclass(${pg.escapeLiteral(table)}) is not null as found`,
  )
  if (exists?.['found'] !== true) return false
  const [row] = await queryRows(
    client,
    `select count(*)::int as rows, coalesce(max(is_locked), 0) as locked from ${table}`,
  )
  return row?.['rows'] !== 1 || row['locked'] !== 0
}

function knexLockTable(schema: string, { tableName }: KnexProject): string {
  return quoteTableName(schema, `${tableName}_lock`)
}
