import pg from 'pg'
import type { OtherLedger } from '../../core/history/ownership.js'
import { isRecord } from '../../core/text/is-record.js'
import { type QueryResult, type Row, rowsOf } from '../connection/query.js'
import { quoteTableName } from './ledger.js'

/** What a table records: Knex's revisions, or our events. Told by its columns, because every project may name its own. */
export type LedgerKind = 'knex' | 'events'

const columnsOf: Readonly<Record<LedgerKind, readonly string[]>> = {
  knex: ['id', 'name', 'batch', 'migration_time'],
  events: ['id', 'at', 'revision', 'event', 'checksum'],
}

/** SQL for the kind of ledger that the table `oid` is; null for any other table. */
export function ledgerKindExpression(oid: string): string {
  const cases = Object.entries(columnsOf).map(([kind, columns]) => {
    const names = columns.map((name) => pg.escapeLiteral(name)).join(', ')
    return `when (select count(*) from pg_attribute a where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped
      and a.attname in (${names})) = ${columns.length} then '${kind}'`
  })
  return `case ${cases.join(' ')} end`
}

/** A table that is a ledger, and not that of this project. */
export interface LedgerTable {
  readonly schema: string
  readonly table: string
  readonly kind: LedgerKind
}

/** The tables of a result with `schema`, `table` and `kind` that are ledgers; `isOwn` tells those of this project. */
export function findLedgerTables(
  rows: readonly Row[],
  isOwn: (table: Pick<LedgerTable, 'schema' | 'table'>) => boolean,
): readonly LedgerTable[] {
  return rows.flatMap(({ schema, table, kind }): readonly LedgerTable[] => {
    const found = { schema: String(schema), table: String(table) }
    return (kind === 'knex' || kind === 'events') && !isOwn(found) ? [{ ...found, kind }] : []
  })
}

/** The statement that reads what one of these ledgers says. The ledger of an earlier release has no `detail`. */
export function otherLedgerQuery({ schema, table, kind }: LedgerTable): string {
  const name = quoteTableName(schema, table)
  return kind === 'knex'
    ? `select name from ${name} order by id`
    : `select to_jsonb(l) -> 'detail' -> 'identity' as identity from ${name} l
        where event in ('identified', 'adopted') order by id desc limit 1`
}

/** The results of these statements, in order, without ledgers that say nothing. */
export function parseOtherLedgers(
  tables: readonly LedgerTable[],
  results: readonly QueryResult[],
  findRevision: (name: string) => string,
): readonly OtherLedger[] {
  return tables.flatMap(({ schema, table, kind }, index): readonly OtherLedger[] => {
    const rows = rowsOf(results[index])
    if (rows.length === 0) return []
    const ledger = `${schema}.${table}`
    if (kind === 'events') return [{ ledger, revisions: [], owner: parseOwner(rows[0]?.['identity']) }]
    return [{ ledger, revisions: rows.map(({ name }) => findRevision(String(name))), owner: null }]
  })
}

function parseOwner(identity: unknown): OtherLedger['owner'] {
  if (!isRecord(identity)) return null
  const { service, environment } = identity
  return { service: String(service), environment: String(environment) }
}
