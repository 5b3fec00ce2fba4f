import type pg from 'pg'
import type { Catalog } from '../../core/model/catalog.js'
import { queryAll } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { nameArrays, queryForNames } from './named-objects.js'
import type { KindQuery } from './queries/kind-query.js'
import {
  createCatalogReader,
  endReading,
  messageInTransaction,
  readCatalogInTransaction,
  type ReadOptions,
} from './read-catalog.js'

/** The statements that a session has prepared: their names by their SQL. */
interface PreparedStatements {
  readonly names: Map<string, string>
  /** For a name that the session has never had. */
  next: number
}

const sessions = new WeakMap<pg.ClientBase, PreparedStatements>()

/**
 * Reads the objects that some keys name within the client's transaction, in one round trip, and perhaps further ones that share
 * names with them. The queries are planned once a session, because that takes longer than to run them.
 */
export async function readNamedObjects(
  client: pg.ClientBase,
  options: ReadOptions & { readonly keys: readonly string[] },
): Promise<Catalog> {
  const prepared = sessions.get(client) ?? { names: new Map<string, string>(), next: 0 }
  sessions.set(client, prepared)
  const prepares: string[] = []
  const reader = createCatalogReader(options, (query, keys) =>
    executeStatement(query, keys, prepared, prepares),
  )
  const planOnce = 'set local plan_cache_mode to force_generic_plan'
  try {
    const message = messageInTransaction([planOnce, ...prepares, ...reader.queries])
    return await reader.parse(await queryAll(client, message))
  } catch (error) {
    // A migration may have dropped what is prepared: DEALLOCATE ALL, DISCARD ALL.
    prepared.names.clear()
    if (!hasSqlState(error, sqlState.invalidStatementName)) throw error
    await client.query(endReading)
    return readCatalogInTransaction(client, options)
  }
}

/** The call of a statement, which is added to `prepares` where the session does not have it. */
function executeStatement(
  query: KindQuery,
  keys: readonly string[],
  prepared: PreparedStatements,
  prepares: string[],
): string {
  const arrays = keys.length === 0 ? [] : nameArrays(query, keys)
  const sql =
    arrays.length === 0
      ? query.sql
      : queryForNames(
          query,
          arrays.map((_, index) => `$${index + 1}`),
        )
  const known = prepared.names.get(sql)
  const name = known ?? `schemagate_${prepared.next++}`
  if (known === undefined) {
    prepared.names.set(sql, name)
    prepares.push(`prepare ${name}${listOf(arrays.map(() => 'text[]'))} as ${sql}`)
  }
  return `execute ${name}${listOf(arrays)}`
}

function listOf(items: readonly string[]): string {
  return items.length === 0 ? '' : `(${items.join(', ')})`
}
