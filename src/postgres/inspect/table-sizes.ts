import pg from 'pg'
import type { TableSize } from '../../core/text/table-size.js'
import { queryRows, type Row } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'

/**
 * The sizes of tables by their names in SQL, without those that do not exist: estimates only, no row is read. In a transaction
 * with a lock_timeout none is known where a table stays locked for longer.
 */
export async function readTableSizes(
  client: pg.ClientBase,
  tables: readonly string[],
): Promise<ReadonlyMap<string, TableSize>> {
  if (tables.length === 0) return new Map()
  const rows = await readUnlessLocked(client, sizesQuery(tables))
  return new Map(
    rows.map(({ name, estimate, bytes }) => [
      String(name),
      { rows: estimate === null ? null : Math.round(Number(estimate)), bytes: Number(bytes) },
    ]),
  )
}

async function readUnlessLocked(client: pg.ClientBase, sql: string): Promise<readonly Row[]> {
  await client.query('savepoint schemagate_sizes')
  try {
    return await queryRows(client, sql)
  } catch (error) {
    const { lockNotAvailable, queryCanceled } = sqlState
    if (hasSqlState(error, lockNotAvailable) || hasSqlState(error, queryCanceled)) return []
    throw error
  } finally {
    await client.query('rollback to savepoint schemagate_sizes; release savepoint schemagate_sizes')
  }
}

const sizesQuery = (tables: readonly string[]): string => `
  select name, sum(pg_total_relation_size(part.relid)) as bytes,
    case when bool_or(c.reltuples < 0) then null else sum(c.reltuples) end as estimate
  from unnest(array[${tables.map((name) => pg.escapeLiteral(name)).join(', ')}]) named(name)
  cross join lateral (
    select relid from pg_partition_tree(to_regclass(name))
    union select to_regclass(name)::oid where to_regclass(name) is not null) part
  join pg_class c on c.oid = part.relid and c.relkind <> 'p'
  group by name`
