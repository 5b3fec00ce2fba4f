import type pg from 'pg'
import type { Catalog } from '../../core/model/catalog.js'
import { nameArrays, queryForNames } from './named-objects.js'
import {
  type ComposedRead,
  composePrepared,
  type ExecuteStatement,
  queryPrepared,
} from './prepared-statements.js'
import type { KindQuery } from './queries/kind-query.js'
import {
  type CatalogReader,
  createCatalogReader,
  readCatalogInTransaction,
  type ReadOptions,
} from './read-catalog.js'

/**
 * Reads the objects that some keys name within the client's transaction, in one round trip, and perhaps further ones that share
 * names with them.
 */
export async function readNamedObjects(client: pg.ClientBase, options: NamedReadOptions): Promise<Catalog> {
  let reader: CatalogReader | undefined
  const results = await queryPrepared(client, (execute) => (reader = namedReader(options, execute)).queries)
  return results === null || reader === undefined
    ? readCatalogInTransaction(client, options)
    : reader.parse(results)
}

export type NamedReadOptions = ReadOptions & { readonly keys: readonly string[] }

/** The same as a part of a message that has more, for `forgetPrepared` where it fails. */
export function composeNamedRead(client: pg.ClientBase, options: NamedReadOptions): ComposedRead<Catalog> {
  let reader: CatalogReader | undefined
  const text = composePrepared(client, (execute) => (reader = namedReader(options, execute)).queries)
  return { text, parse: async (results) => reader?.parse(results) ?? {} }
}

function namedReader(options: NamedReadOptions, execute: ExecuteStatement): CatalogReader {
  return createCatalogReader(options, {
    kind: (query, keys) => executeForNames(query, keys, execute),
    annotation: ({ sql }) => execute(sql, []),
  })
}

function executeForNames(query: KindQuery, keys: readonly string[], execute: ExecuteStatement): string {
  if (keys.length === 0) return execute(query.sql, [])
  const arrays = nameArrays(query, keys)
  const sql = queryForNames(
    query,
    arrays.map((_, index) => `$${index + 1}`),
  )
  return execute(
    sql,
    arrays.map((value) => ({ type: 'text[]', value })),
  )
}
