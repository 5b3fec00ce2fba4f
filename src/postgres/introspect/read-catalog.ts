import { setImmediate } from 'node:timers/promises'
import type pg from 'pg'
import { type Catalog, type Facts, objectKey } from '../../core/model/catalog.js'
import { queryAll, type QueryResult } from '../connection/query.js'
import { selectAnnotations, type AnnotationOptions } from './annotations.js'
import { objectAddress, type ObjectAddresses } from './dependencies.js'
import { factsFromRow } from './facts.js'
import { canonicalSessionStatements, catalogQueries } from './queries/catalog-queries.js'
import type { KindQuery } from './queries/kind-query.js'

/** The tables that keep the record of migrations are not part of what migrations promise. */
const schemagateTables = ['schemagate_ledger']

export interface ReadOptions extends AnnotationOptions {
  /** Tables to leave out, by name, wherever they are: Knex's own. Default: those of Knex's default settings. */
  readonly ledgerTables?: readonly string[]
  /** The kinds to read, as in object keys. Default: all. */
  readonly kinds?: ReadonlySet<string>
}

/** All that can be read: what a snapshot holds, and what writing SQL needs. */
export const allAnnotations = { comments: true, grants: true, structure: true } as const

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
  const reader = createCatalogReader(options)
  const text = [
    'begin transaction isolation level repeatable read read only',
    canonicalSessionStatements(),
    ...reader.queries,
    'commit',
  ]
  const results = await queryAll(client, text.join(';\n')).catch(async (error: unknown) => {
    await client.query('rollback')
    throw error
  })
  return reader.parse(results)
}

/**
 * Reads the catalog as the transaction the client is in sees it, uncommitted changes included, in one round trip.
 * A savepoint gives the transaction its own settings back.
 */
export async function readCatalogInTransaction(
  client: pg.ClientBase,
  options: ReadOptions = {},
): Promise<Catalog> {
  const reader = createCatalogReader(options)
  const text = [
    'savepoint schemagate_read',
    canonicalSessionStatements(),
    ...reader.queries,
    'rollback to savepoint schemagate_read',
    'release savepoint schemagate_read',
  ]
  return reader.parse(await queryAll(client, text.join(';\n')))
}

/** The catalog queries for some options, to be sent in a message of the caller's, and what makes a catalog of their results. */
export interface CatalogReader {
  readonly queries: readonly string[]
  readonly parse: (results: readonly QueryResult[]) => Promise<Catalog>
}

export function createCatalogReader(options: ReadOptions): CatalogReader {
  const { ledgerTables = knexTables, kinds, grants = false } = options
  const all = catalogQueries([...schemagateTables, ...ledgerTables])
  const queries = all.filter(
    ({ kind, onlyWithGrants = false }) => (kinds?.has(kind) ?? true) && (grants || !onlyWithGrants),
  )
  const extras = selectAnnotations(options)
  return {
    queries: [...queries.map(({ sql }) => sql), ...extras.flatMap((extra) => extra.queries)],
    parse: async (results) => {
      const found = await parseObjects(queries, results)
      let rest = results.slice(queries.length)
      return extras.reduce((catalog, extra) => {
        const [mine, others] = [rest.slice(0, extra.queries.length), rest.slice(extra.queries.length)]
        rest = others
        return extra.add(catalog, found.addresses, mine)
      }, found.catalog)
    },
  }
}

interface ParsedCatalog {
  readonly catalog: Catalog
  readonly addresses: ObjectAddresses
}

/** So many rows are a few milliseconds, in which this process answers nobody. */
const rowsPerSlice = 2_000

/** From the results of the catalog queries, in their order, to the catalog. */
async function parseObjects(
  queries: readonly KindQuery[],
  results: readonly QueryResult[],
): Promise<ParsedCatalog> {
  const catalog: Record<string, Facts> = {}
  let parsed = 0
  const addresses = new Map<string, string>()
  for (const [index, query] of queries.entries()) {
    const result = results[index]
    if (result === undefined) throw new Error(`the server sent no result for ${query.kind}`)
    const width = 2 + query.names + (query.overloaded === true ? 1 : 0)
    const names = result.columns.slice(width)
    for (const row of result.rows) {
      if (++parsed % rowsPerSlice === 0) await setImmediate()
      const key = keyFromRow(query, row.slice(2, width))
      catalog[key] = factsFromRow(names, row.slice(width))
      addresses.set(objectAddress(query.catalog, row), key)
    }
  }
  return { catalog, addresses }
}

function keyFromRow({ kind, names }: KindQuery, parts: readonly unknown[]): string {
  const texts = parts.map(String)
  return objectKey(kind, texts.slice(0, names), texts[names])
}
