import pg from 'pg'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { queryRows } from '../../postgres/connection/query.js'
import { describeLockHolder, findLockHolders } from '../../postgres/locks/lock-holders.js'

/** How large a table is, as the statistics of the database say. */
export interface TableSize {
  /** Null where it was never analyzed. */
  readonly rows: number | null
  /** With its indexes. */
  readonly bytes: number
}

/** What the plan would meet in the database now. */
export interface TargetLoad {
  /** By their names in SQL; without those that the database does not have. */
  readonly sizes: ReadonlyMap<string, TableSize>
  /** The sessions with transactions that began a while ago and hold locks on these tables. */
  readonly longTransactions: readonly string[]
}

export const unknownLoad: TargetLoad = { sizes: new Map(), longTransactions: [] }

/** A transaction that is older holds up who waits for its locks. */
const longTransaction = '30 seconds'

const statementTimeout = '5s'

/** Runs `read` in a transaction that writes nothing, and in which no statement takes long. */
export async function readFromTarget<T>(
  connection: Connection,
  read: (client: pg.ClientBase) => Promise<T>,
): Promise<T> {
  return withClient(connection, async (client) => {
    await client.query(
      `begin read only; set local statement_timeout = '${statementTimeout}'; set local lock_timeout = '1s'`,
    )
    try {
      return await read(client)
    } finally {
      await client.query('rollback')
    }
  })
}

/** Reads what is known of tables: estimates only, no row. */
export async function readTargetLoad(client: pg.ClientBase, tables: readonly string[]): Promise<TargetLoad> {
  if (tables.length === 0) return unknownLoad
  const list = tables.map((name) => pg.escapeLiteral(name)).join(', ')
  const rows = await queryRows(
    client,
    `select name, sum(pg_total_relation_size(part.relid)) as bytes,
       case when bool_or(c.reltuples < 0) then null else sum(c.reltuples) end as rows
     from unnest(array[${list}]) named(name)
     cross join lateral (
       select relid from pg_partition_tree(to_regclass(name))
       union select to_regclass(name)::oid where to_regclass(name) is not null) part
     join pg_class c on c.oid = part.relid
     group by name`,
  )
  const holders = await findLockHolders(
    client,
    `l.relation in (select to_regclass(name)::oid from unnest(array[${list}]) named(name))
       and l.pid <> pg_backend_pid() and a.xact_start < now() - interval '${longTransaction}'`,
  )
  return {
    sizes: new Map(
      rows.map(({ name, bytes, rows: count }) => [
        String(name),
        { rows: count === null ? null : Number(count), bytes: Number(bytes) },
      ]),
    ),
    longTransactions: holders.map(describeLockHolder),
  }
}
