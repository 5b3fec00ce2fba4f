import pg from 'pg'
import { queryRows } from '../connection/query.js'
import { ledgerTable } from '../ledger/ledger.js'

/**
 * Whether the open transaction of this client has written to a table or a sequence, or was about to: PostgreSQL locks it for
 * that even where no row matches. The ledgers do not count.
 */
export async function hasWrittenRows(client: pg.ClientBase, tableName: string): Promise<boolean> {
  const ledgers = [tableName, `${tableName}_lock`, ledgerTable].map((name) => pg.escapeLiteral(name))
  const [row] = await queryRows(
    client,
    `select exists (select from pg_locks l join pg_class c on c.oid = l.relation
        join pg_namespace n on n.oid = c.relnamespace
      where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.mode = 'RowExclusiveLock'
        and l.database = (select oid from pg_database where datname = current_database())
        and c.relkind in ('r', 'p', 'f', 'm', 'S') and c.relname not in (${ledgers.join(', ')})
        and n.nspname !~ '^pg_(catalog|toast)|^information_schema$') as written`,
  )
  return row?.['written'] === true
}
