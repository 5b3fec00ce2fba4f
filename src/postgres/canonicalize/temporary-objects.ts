import pg from 'pg'
import { queryAll } from '../connection/query.js'
import { hasSqlState, isStatementRejected, sqlState } from '../connection/sqlstate.js'
import { canonicalSessionStatements } from '../introspect/canonical-session.js'
import type { ColumnLookup, ComparisonResult, DeparsePair, DeparseRequest } from './deparse.js'

/** Where the temporary objects are created and rolled back: in a transaction of their own, or in that of the caller. */
export type DeparseTransaction = 'own' | 'callers'

/** Compares texts by what the server prints. `columnsOf` knows the relations that were named at the start. */
export interface Deparser {
  readonly columnsOf: ColumnLookup
  readonly compare: (pairs: readonly DeparsePair[]) => Promise<readonly ComparisonResult[]>
}

export type RelationName = readonly [schema: string, relation: string]

const pairsPerMessage = 40

const savepoint = 'savepoint schemagate_deparse'
const rollbackToSavepoint = `rollback to ${savepoint}`

const transactionStatements: Readonly<
  Record<DeparseTransaction, { readonly open: string; readonly close: string }>
> = {
  own: { open: 'begin transaction isolation level read committed read write', close: 'rollback' },
  callers: {
    open: 'savepoint schemagate_canonicalize',
    close: 'rollback to savepoint schemagate_canonicalize; release savepoint schemagate_canonicalize',
  },
}

/** The temporary schema comes last, so its objects hide no permanent ones. Who holds a lock for 2 s is migrating. */
const deparseSettings = [
  'set local search_path to pg_catalog, pg_temp',
  'set local check_function_bodies to off',
  `set local lock_timeout to '2s'`,
  'set local client_min_messages to error',
]

/** Fails where temporary objects are impossible: on a standby, without the privilege, or against an event trigger. */
const probeStatement = `create function pg_temp.schemagate_probe() returns void language sql begin atomic select; end`

/**
 * Gives `use` a deparser, and rolls everything back afterwards. The deparser knows the columns of these relations. Throws
 * the DatabaseError that says why no temporary object can be created, and what `use` throws.
 */
export async function withDeparser<T>(
  client: pg.ClientBase,
  transaction: DeparseTransaction,
  relations: readonly RelationName[],
  use: (deparser: Deparser) => Promise<T>,
): Promise<T> {
  const { open, close } = transactionStatements[transaction]
  const preamble = [
    open,
    canonicalSessionStatements(),
    ...deparseSettings,
    probeStatement,
    relationColumnsQuery(relations),
    savepoint,
  ]
  try {
    const [found] = await queryAll(client, preamble.join(';\n'))
    const used = await use({
      columnsOf: createColumnLookup(found?.rows ?? []),
      compare: (pairs) => comparePairs(client, pairs),
    })
    await client.query(close)
    return used
  } catch (error) {
    // After a lost connection this fails too, and the first error is the one to show.
    await client.query(close).catch(() => {})
    throw error
  }
}

function createColumnLookup(rows: readonly (readonly unknown[])[]): ColumnLookup {
  const columns = new Map(
    rows.map(([schema, relation, text]) => [JSON.stringify([schema, relation]), String(text)]),
  )
  return (schema, relation) => columns.get(JSON.stringify([schema, relation])) ?? ''
}

function relationColumnsQuery(relations: readonly RelationName[]): string {
  const listed = relations.map((names) => `(${names.map((name) => pg.escapeLiteral(name)).join(', ')})`)
  return `select n.nspname, c.relname, string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
      || case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation else '' end,
      ', ' order by a.attnum)
    from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
    where (n.nspname, c.relname) in (${["('', '')", ...listed].join(', ')})
    group by 1, 2`
}

async function comparePairs(
  client: pg.ClientBase,
  pairs: readonly DeparsePair[],
): Promise<readonly ComparisonResult[]> {
  const found: ComparisonResult[] = []
  for (let start = 0; start < pairs.length; start += pairsPerMessage)
    found.push(...(await compareBatch(client, pairs.slice(start, start + pairsPerMessage))))
  return found
}

/** Sends all pairs in one message. An error does not say which statement failed, so the message is sent again in halves. */
async function compareBatch(
  client: pg.ClientBase,
  pairs: readonly DeparsePair[],
): Promise<readonly ComparisonResult[]> {
  try {
    const results = await queryAll(client, pairs.flat().flatMap(deparseStatements).join(';\n'))
    const printed = results.map(({ rows: [row] }) => row?.[0])
    return pairs.map((_, at) => ({ alike: printed[2 * at] === printed[2 * at + 1] }))
  } catch (error) {
    if (!isStatementRejected(error) || hasSqlState(error, sqlState.lockNotAvailable)) throw error
    await client.query(rollbackToSavepoint)
    if (pairs.length === 1) return [{ why: error.message }]
    const middle = pairs.length >> 1
    const first = await compareBatch(client, pairs.slice(0, middle))
    return [...first, ...(await compareBatch(client, pairs.slice(middle)))]
  }
}

function deparseStatements({ statements, query }: DeparseRequest): readonly string[] {
  return [...statements, query, rollbackToSavepoint]
}
