import pg from 'pg'
import { queryAll } from '../connection/query.js'
import { canonicalSession } from '../introspect/queries/all.sql.js'
import { isLocked } from '../locks/blocked-read.js'
import type { Drawing } from './deparse.js'

/** Where temporary objects are made, to be rolled back: in a transaction of their own, or within the caller's. */
export type Transaction = 'own' | 'callers'

/** A text of each side of a comparison, to be printed in the words of one server. */
export type Pair = readonly [expected: Drawn, actual: Drawn]

export type Drawn = Exclude<Drawing, { readonly words: string }>

/** Whether both were printed alike, or why they could not be printed. */
export type Likeness = { readonly alike: boolean } | { readonly why: string }

export interface Canvas {
  /** The columns of a relation as CREATE TABLE takes them. */
  readonly columnsOf: (schema: string, relation: string) => string
  readonly compare: (pairs: readonly Pair[]) => Promise<readonly Likeness[]>
}

export interface CanvasOptions {
  readonly transaction: Transaction
  /** Schemas and names of the relations whose columns will be asked for. */
  readonly relations: readonly (readonly [schema: string, relation: string])[]
}

const batch = 40

const savepoint = 'savepoint schemagate_drawing'
const erase = `rollback to ${savepoint}`

const frames: Readonly<Record<Transaction, { readonly open: string; readonly close: string }>> = {
  own: { open: 'begin transaction isolation level read committed read write', close: 'rollback' },
  callers: {
    open: 'savepoint schemagate_canvas',
    close: 'rollback to savepoint schemagate_canvas; release savepoint schemagate_canvas',
  },
}

/** Explicitly last, the temporary schema hides nothing. What waits for a lock waits for somebody's migration. */
const settings = [
  'set local search_path to pg_catalog, pg_temp',
  'set local check_function_bodies to off',
  `set local lock_timeout to '2s'`,
  'set local client_min_messages to error',
]

/** Fails where no temporary object can be made at all: on a standby, without the privilege, against an event trigger. */
const trial = `create function pg_temp.schemagate_trial() returns void language sql begin atomic select; end`

/**
 * Hands over what prints texts in the server's own words, and leaves nothing behind. Throws the DatabaseError that says why
 * no temporary object can be made, and what `use` throws.
 */
export async function withCanvas<T>(
  client: pg.ClientBase,
  { transaction, relations }: CanvasOptions,
  use: (canvas: Canvas) => Promise<T>,
): Promise<T> {
  const { open, close } = frames[transaction]
  const opening = [open, canonicalSession(), ...settings, trial, columnsQuery(relations), savepoint]
  try {
    const [found] = await queryAll(client, opening.join(';\n'))
    const used = await use({
      columnsOf: columnsIn(found?.rows ?? []),
      compare: (pairs) => compareAll(client, pairs),
    })
    await client.query(close)
    return used
  } catch (error) {
    // After a lost connection there is nothing to roll back, and the first error is the one to show.
    await client.query(close).catch(() => {})
    throw error
  }
}

function columnsIn(rows: readonly (readonly unknown[])[]): Canvas['columnsOf'] {
  const columns = new Map(
    rows.map(([schema, relation, text]) => [JSON.stringify([schema, relation]), String(text)]),
  )
  return (schema, relation) => columns.get(JSON.stringify([schema, relation])) ?? ''
}

function columnsQuery(relations: CanvasOptions['relations']): string {
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

async function compareAll(client: pg.ClientBase, pairs: readonly Pair[]): Promise<readonly Likeness[]> {
  const found: Likeness[] = []
  for (let start = 0; start < pairs.length; start += batch)
    found.push(...(await compareSome(client, pairs.slice(start, start + batch))))
  return found
}

/** One message for all; an error ends a message and does not say where, so that it is sent again in halves. */
async function compareSome(client: pg.ClientBase, pairs: readonly Pair[]): Promise<readonly Likeness[]> {
  try {
    const results = await queryAll(client, pairs.flat().flatMap(stepsOf).join(';\n'))
    const printed = results.map(({ rows: [row] }) => row?.[0])
    return pairs.map((_, at) => ({ alike: printed[2 * at] === printed[2 * at + 1] }))
  } catch (error) {
    if (!isRefusal(error) || isLocked(error)) throw error
    await client.query(erase)
    if (pairs.length === 1) return [{ why: error.message }]
    const middle = pairs.length >> 1
    const first = await compareSome(client, pairs.slice(0, middle))
    return [...first, ...(await compareSome(client, pairs.slice(middle)))]
  }
}

function stepsOf({ statements, query }: Drawn): readonly string[] {
  return [...statements, query, erase]
}

/** What the server answers to a statement it will not run, and not that it is shut down, overloaded or asked to stop. */
export function isRefusal(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && !/^(?:08|53|57|58|XX)/.test(error.code ?? '')
}
