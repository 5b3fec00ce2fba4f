import pg from 'pg'
import { queryAll } from '../connection/query.js'
import { hasSqlState, isStatementRejected, sqlState } from '../connection/sqlstate.js'
import { canonicalSessionStatements } from '../introspect/queries/catalog-queries.js'
import type { CanonicalForm } from './deparse.js'

/** Where temporary objects are made, to be rolled back: in a transaction of their own, or within the caller's. */
export type DeparseTransaction = 'own' | 'callers'

/** A text of each side of a comparison, to be printed in the words of one server. */
export type DeparsePair = readonly [expected: DeparseRequest, actual: DeparseRequest]

export type DeparseRequest = Exclude<CanonicalForm, { readonly words: string }>

/** Whether both were printed alike, or why they could not be printed. */
export type ComparisonResult = { readonly alike: boolean } | { readonly why: string }

export interface Deparser {
  /** The columns of a relation as CREATE TABLE takes them. */
  readonly columnsOf: (schema: string, relation: string) => string
  readonly compare: (pairs: readonly DeparsePair[]) => Promise<readonly ComparisonResult[]>
}

export interface DeparserOptions {
  readonly transaction: DeparseTransaction
  /** Schemas and names of the relations whose columns will be asked for. */
  readonly relations: readonly (readonly [schema: string, relation: string])[]
}

const pairsPerMessage = 40

const savepoint = 'savepoint schemagate_drawing'
const rollbackToSavepoint = `rollback to ${savepoint}`

const transactionStatements: Readonly<
  Record<DeparseTransaction, { readonly open: string; readonly close: string }>
> = {
  own: { open: 'begin transaction isolation level read committed read write', close: 'rollback' },
  callers: {
    open: 'savepoint schemagate_canvas',
    close: 'rollback to savepoint schemagate_canvas; release savepoint schemagate_canvas',
  },
}

/** Explicitly last, the temporary schema hides nothing. What waits for a lock waits for somebody's migration. */
const deparseSettings = [
  'set local search_path to pg_catalog, pg_temp',
  'set local check_function_bodies to off',
  `set local lock_timeout to '2s'`,
  'set local client_min_messages to error',
]

/** Fails where no temporary object can be made at all: on a standby, without the privilege, against an event trigger. */
const probeStatement = `create function pg_temp.schemagate_trial() returns void language sql begin atomic select; end`

/**
 * Hands over what prints texts in the server's own words, and leaves nothing behind. Throws the DatabaseError that says why
 * no temporary object can be made, and what `use` throws.
 */
export async function withDeparser<T>(
  client: pg.ClientBase,
  { transaction, relations }: DeparserOptions,
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
    // After a lost connection there is nothing to roll back, and the first error is the one to show.
    await client.query(close).catch(() => {})
    throw error
  }
}

function createColumnLookup(rows: readonly (readonly unknown[])[]): Deparser['columnsOf'] {
  const columns = new Map(
    rows.map(([schema, relation, text]) => [JSON.stringify([schema, relation]), String(text)]),
  )
  return (schema, relation) => columns.get(JSON.stringify([schema, relation])) ?? ''
}

function relationColumnsQuery(relations: DeparserOptions['relations']): string {
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

/** One message for all; an error ends a message and does not say where, so that it is sent again in halves. */
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
