import pg from 'pg'
import { objectKey } from '../../core/model/catalog.js'
import { queryAll, type QueryResult, queryRows, type Row } from '../connection/query.js'
import { ledgerTable } from '../ledger/ledger.js'
import type { UncommittedRevision } from './check-revision.js'

/**
 * The tables that a revision wrote rows into, as keys: PostgreSQL locks them until the end of the transaction, and they are
 * not empty. After a revision without a transaction these are all tables with rows. The ledgers do not count, nor do tables
 * that this role cannot read in full. A partition counts as its table.
 *
 * @param known the result of `lockedTablesQuery` in the transaction, null where it was not asked
 */
export async function readWrittenTables(
  { client, transactional }: UncommittedRevision,
  tableName: string,
  known: QueryResult | null,
): Promise<readonly string[]> {
  const [found = null] =
    known !== null || !transactional ? [known] : await queryAll(client, lockedTablesQuery)
  const locked = found?.rows.map(([id]) => Number(id)) ?? null
  if (locked?.length === 0) return []
  const condition = locked === null ? 'true' : `c.oid in (${locked.join(', ')})`
  const candidates = await queryRows(client, candidatesQuery(tableName, condition))
  if (candidates.length === 0) return []
  const filled = await queryRows(client, candidates.map(filledQuery).join(' union all '))
  const indexes = new Set(filled.map(({ index }) => Number(index)))
  return candidates.filter((_, index) => indexes.has(index)).map(keyOf)
}

/** The oids of the tables that the transaction has written to, or was about to: where no row matched as well. */
export const lockedTablesQuery = `select relation as id from pg_locks where pid = pg_backend_pid() and relation >= 16384
  and locktype = 'relation' and mode = 'RowExclusiveLock'
  and database = (select oid from pg_database where datname = current_database())`

function candidatesQuery(tableName: string, condition: string): string {
  const ledgers = [tableName, `${tableName}_lock`, ledgerTable].map((name) => pg.escapeLiteral(name))
  return `select distinct n.nspname as schema, r.relname as name
    from pg_class c join pg_class r on r.oid = coalesce(pg_partition_root(c.oid)::oid, c.oid)
    join pg_namespace n on n.oid = r.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname !~ '^pg_|^information_schema$'
      and r.relname not in (${ledgers.join(', ')}) and has_table_privilege(r.oid, 'select')
      and has_schema_privilege(n.oid, 'usage') and not row_security_active(r.oid)
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = r.oid and d.deptype = 'e')
      and ${condition}
    order by 1, 2`
}

function filledQuery({ schema, name }: Row, index: number): string {
  const table = `${pg.escapeIdentifier(String(schema))}.${pg.escapeIdentifier(String(name))}`
  return `select ${index} as index where exists (select from ${table})`
}

function keyOf({ schema, name }: Row): string {
  return objectKey('table', [String(schema), String(name)])
}
