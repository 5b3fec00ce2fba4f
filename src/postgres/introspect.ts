import type pg from 'pg'
import { type Catalog, type Fact, type Facts, objectKey } from '../core/catalog.js'
import { canonicalSession, catalogQueries } from './catalog.sql.js'
import type { KindQuery } from './kind-query.js'
import { queryAll, type Rows } from './query.js'

/** The tables that keep the record of migrations are not part of what migrations promise. */
const ownTables = ['schemagate_ledger']

export interface ReadOptions {
  /** Tables to leave out, by name, wherever they are: Knex's own. Default: those of Knex's default settings. */
  readonly ledgerTables?: readonly string[]
  /** The kinds to read, as in object keys. Default: all. */
  readonly kinds?: ReadonlySet<string>
}

const knexTables = ['knex_migrations', 'knex_migrations_lock']

/** Knex's two tables for a project's `tableName`. */
export function ledgerTablesOf({ tableName }: { readonly tableName: string }): ReadOptions {
  return { ledgerTables: [tableName, `${tableName}_lock`] }
}

/**
 * Reads the catalog of the connected database: all non-system schemas, without what extensions own.
 * One round trip, one repeatable-read, read-only snapshot. The client must not be in a transaction.
 */
export async function readCatalog(client: pg.ClientBase, options: ReadOptions = {}): Promise<Catalog> {
  const queries = queriesFor(options)
  const text = [
    'begin transaction isolation level repeatable read read only',
    canonicalSession(),
    ...queries.map(({ sql }) => sql),
    'commit',
  ]
  const results = await queryAll(client, text.join(';\n')).catch(async (error: unknown) => {
    await client.query('rollback')
    throw error
  })
  return parseCatalog(queries, results)
}

/**
 * Reads the catalog as the transaction the client is in sees it, uncommitted changes included, in one round trip.
 * A savepoint gives the transaction its own settings back.
 */
export async function readCatalogInTransaction(
  client: pg.ClientBase,
  options: ReadOptions = {},
): Promise<Catalog> {
  const queries = queriesFor(options)
  const text = [
    'savepoint schemagate_read',
    canonicalSession(),
    ...queries.map(({ sql }) => sql),
    'rollback to savepoint schemagate_read',
    'release savepoint schemagate_read',
  ]
  return parseCatalog(queries, await queryAll(client, text.join(';\n')))
}

/** The catalog queries for some options, to be sent in a message of the caller's; `parseCatalog` takes their results. */
export function queriesFor({ ledgerTables = knexTables, kinds }: ReadOptions): readonly KindQuery[] {
  const queries = catalogQueries([...ownTables, ...ledgerTables])
  return kinds === undefined ? queries : queries.filter(({ kind }) => kinds.has(kind))
}

/** From the results of the catalog queries, in their order, to the catalog. */
export function parseCatalog(queries: readonly KindQuery[], results: readonly Rows[]): Catalog {
  const catalog: Record<string, Facts> = {}
  for (const [index, query] of queries.entries()) {
    const result = results[index]
    if (result === undefined) throw new Error(`the server sent no result for ${query.kind}`)
    const width = query.overloaded === true ? query.names + 1 : query.names
    for (const row of result.rows)
      catalog[keyOf(query, row)] = factsOf(result.columns.slice(width), row.slice(width))
  }
  return catalog
}

function keyOf({ kind, names, overloaded }: KindQuery, row: readonly unknown[]): string {
  const signature = overloaded === true ? String(row[names]) : ''
  return objectKey(kind, row.slice(0, names).map(String), signature)
}

function factsOf(names: readonly string[], values: readonly unknown[]): Facts {
  const facts: Record<string, Fact> = {}
  for (const [index, name] of names.entries()) {
    const value = values[index]
    if (value !== null) facts[name] = asFact(value)
  }
  return facts
}

function asFact(value: unknown): Fact {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(String)
  throw new TypeError(`a fact must be text, number, boolean or a list, got ${typeof value}`)
}
