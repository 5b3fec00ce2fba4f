import type pg from 'pg'
import { queryRows } from '../connection/query.js'

/**
 * The pids of the sessions that build an index in this database, by the quoted name of the table. Their indexes are invalid
 * until they end. The table comes from pg_locks, because the progress view hides it from unprivileged roles.
 */
export async function findIndexBuilders(client: pg.ClientBase): Promise<ReadonlyMap<string, number>> {
  const rows = await queryRows(
    client,
    `select distinct on (c.oid) quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "table", p.pid
      from pg_stat_progress_create_index p
        join pg_locks l on l.pid = p.pid and l.locktype = 'relation' and l.granted and l.database = p.datid
        join pg_class c on c.oid = l.relation and c.relkind in ('r', 'm')
        join pg_namespace n on n.oid = c.relnamespace
      where p.datname = current_database() and p.pid <> pg_backend_pid()
        and l.mode in ('ShareUpdateExclusiveLock', 'ShareLock')`,
  )
  return new Map(rows.map(({ table, pid }) => [String(table), Number(pid)]))
}
