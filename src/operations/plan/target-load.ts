import pg from 'pg'
import type { TableSize } from '../../core/text/table-size.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { readTableSizes } from '../../postgres/inspect/table-sizes.js'
import { describeLockHolder, findLockHolders } from '../../postgres/locks/lock-holders.js'

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

/** Reads what is known of tables: no row. */
export async function readTargetLoad(client: pg.ClientBase, tables: readonly string[]): Promise<TargetLoad> {
  if (tables.length === 0) return unknownLoad
  const list = tables.map((name) => pg.escapeLiteral(name)).join(', ')
  const holders = await findLockHolders(
    client,
    `l.relation in (select to_regclass(name)::oid from unnest(array[${list}]) named(name))
       and l.pid <> pg_backend_pid() and a.xact_start < now() - interval '${longTransaction}'`,
  )
  return {
    sizes: await readTableSizes(client, tables),
    longTransactions: holders.map(describeLockHolder),
  }
}
