import pg from 'pg'
import type { TableSize } from '../../ddl/plan/runbook.js'
import type { Statement } from '../../ddl/statement.js'
import { queryRows } from '../../postgres/connection/query.js'

/**
 * The sizes of the tables of hazards, by their names in SQL, without those that do not exist. What is locked for longer than a
 * second is not waited for: then no size is known.
 */
export async function readTableSizes(
  client: pg.ClientBase,
  statements: readonly Statement[],
): Promise<ReadonlyMap<string, TableSize>> {
  const hazards = statements.flatMap((statement) => statement.hazards)
  const tables = hazards.flatMap((hazard) => ('table' in hazard ? (hazard.table ?? []) : []))
  if (tables.length === 0) return new Map()
  await client.query(`begin read only; set local lock_timeout to '1s'`)
  const rows = await queryRows(client, sizesQuery([...new Set(tables)])).catch(() => [])
  await client.query('rollback')
  return new Map(
    rows.map(({ name, estimate, bytes }) => [
      String(name),
      { rows: Number(estimate) < 0 ? null : Number(estimate), bytes: Number(bytes) },
    ]),
  )
}

const sizesQuery = (names: readonly string[]): string => `
  select t.name, round(c.reltuples)::bigint as estimate, pg_table_size(c.oid) as bytes
  from unnest(array[${names.map((name) => pg.escapeLiteral(name)).join(', ')}]) t(name)
    join pg_class c on c.oid = to_regclass(t.name)`
