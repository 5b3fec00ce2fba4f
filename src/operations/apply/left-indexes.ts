import pg from 'pg'
import { type Catalog, objectKey } from '../../core/model/catalog.js'
import { unquotedNames } from '../../core/model/pattern.js'
import type { Statement } from '../../ddl/statement.js'
import { queryRows } from '../../postgres/connection/query.js'

/**
 * The names in SQL of the indexes that a statement has left invalid, which failed outside a transaction: those of its table that
 * are so now and were not. Null where the server cannot be asked.
 *
 * @param from the catalog before the plan
 */
export async function findLeftIndexes(
  client: pg.ClientBase,
  { key, transactional }: Statement,
  from: Catalog,
): Promise<readonly string[] | null> {
  const [schema = '', table = '', part] = unquotedNames(key)
  if (transactional || part === undefined) return []
  const rows = await queryRows(client, invalidIndexesQuery(schema, table)).catch(() => null)
  const isNew = ({ name }: { readonly name?: unknown }): boolean =>
    from[objectKey('index', [schema, table, String(name)])]?.['valid'] !== false
  return rows === null ? null : rows.filter(isNew).map(({ qualified }) => String(qualified))
}

/** That of a partitioned table is invalid until each partition has one, whatever failed. */
const invalidIndexesQuery = (schema: string, table: string): string => `
  select i.relname as name, quote_ident(n.nspname) || '.' || quote_ident(i.relname) as qualified
  from pg_index x join pg_class i on i.oid = x.indexrelid and i.relkind = 'i'
    join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace
  where not x.indisvalid and n.nspname = ${pg.escapeLiteral(schema)} and c.relname = ${pg.escapeLiteral(table)}
  order by i.relname`
