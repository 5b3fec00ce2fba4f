import pg from 'pg'
import type { TableSize } from '../../core/text/table-size.js'
import { type Hazard, tablesOf } from '../../ddl/statement.js'
import { queryRows } from '../../postgres/connection/query.js'
import { readTableFolders, type TableFolders } from '../../postgres/inspect/free-space.js'
import { readTableSizes } from '../../postgres/inspect/table-sizes.js'
import { describeLockHolder, findLockHolders, type LockHolder } from '../../postgres/locks/lock-holders.js'

/** What the plan would meet in the database now. */
export interface TargetLoad {
  /** By their names in SQL; without those that the database does not have. */
  readonly sizes: ReadonlyMap<string, TableSize>
  /** The sessions with transactions that began a while ago and hold locks on these tables. */
  readonly longTransactions: readonly string[]
  /** Where the tables are that would be written again. */
  readonly folders: TableFolders
}

export const unknownLoad: TargetLoad = {
  sizes: new Map(),
  longTransactions: [],
  folders: { unknown: 'no database was asked' },
}

/** A transaction that is older holds up who waits for its locks, in milliseconds. */
const longTransaction = 30_000

/**
 * Reads what is known of tables, and of those that hazards name: no row.
 *
 * @param longer how old a transaction is that is told, in milliseconds
 */
export async function readTargetLoad(
  client: pg.ClientBase,
  { hazards, tables: others }: { readonly hazards: readonly Hazard[]; readonly tables: readonly string[] },
  longer: number = longTransaction,
): Promise<TargetLoad> {
  const tables = [...new Set([...tablesOf(hazards), ...others])]
  if (tables.length === 0) return unknownLoad
  const rewritten = tablesOf(hazards.filter(({ hazard }) => hazard === 'table rewrite'))
  return {
    sizes: await readTableSizes(client, tables),
    longTransactions: await readLongTransactions(client, tables, longer),
    folders: rewritten.length === 0 ? unknownLoad.folders : await readTableFolders(client, rewritten),
  }
}

/** A role that may not see when the transactions of others began is told of each. */
async function readLongTransactions(
  client: pg.ClientBase,
  tables: readonly string[],
  longer: number,
): Promise<readonly string[]> {
  const list = `array[${tables.map((name) => pg.escapeLiteral(name)).join(', ')}]::text[]`
  const held = `l.database = (select oid from pg_database where datname = current_database()) and l.granted
    and l.relation in (select to_regclass(name)::oid from unnest(${list}) named(name))`
  const holders = await findLockHolders(
    client,
    `${held} and l.pid <> pg_backend_pid() and (a.xact_start < now() - interval '${longer} milliseconds'
      or a.xact_start is null and a.query = '<insufficient privilege>')`,
  )
  const described: string[] = []
  for (const holder of holders) described.push(await describeHolder(client, holder, list))
  return described
}

/** `psql (user app, pid 4711): in a transaction since 2026-11-21T09:14:02Z, with locks on public.songs`. */
async function describeHolder(client: pg.ClientBase, holder: LockHolder, list: string): Promise<string> {
  const [row] = await queryRows(
    client,
    `select (select string_agg(distinct name, ', ') from unnest(${list}) named(name)
        join pg_locks l on l.relation = to_regclass(name)::oid and l.pid = ${holder.pid} and l.granted) as tables,
      (select to_char(xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        from pg_stat_activity where pid = ${holder.pid}) as since`,
  )
  const [tables, since] = [textOf(row?.['tables']), textOf(row?.['since'])]
  const began = since === null ? ', of which the role may not see when it began' : ` since ${since}`
  return `${describeLockHolder(holder)}: in a transaction${began}, with locks on ${tables ?? 'them'}`
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
