import pg from 'pg'
import { parseKey } from '../../core/model/catalog.js'
import { unquotedNames } from '../../core/model/pattern.js'
import type { Statement } from '../../ddl/statement.js'
import { queryRows } from '../../postgres/connection/query.js'

/** What a statement outside a transaction may change, by its name in SQL, and whether it is valid. */
export type Traces = ReadonlyMap<string, boolean>

/** What has become of a statement that ran outside a transaction. */
export interface TraceChange {
  /** Whether something is there that was not, or is gone: the statement has done its work. */
  readonly changed: boolean
  /** The indexes that it has left, invalid. */
  readonly left: readonly string[]
}

/** Reads what tells later how far a statement came. Null where nothing does, or the server cannot be asked. */
export async function readTraces(
  client: pg.ClientBase,
  { key, transactional }: Pick<Statement, 'key' | 'transactional'>,
): Promise<Traces | null> {
  const [schema = '', name = '', part] = unquotedNames(key)
  if (transactional) return null
  const isEnum = parseKey(key).kind === 'enum'
  if (!isEnum && part === undefined) return null
  const query = isEnum ? labelsQuery(schema, name) : indexesQuery(schema, name)
  const rows = await queryRows(client, query).catch(() => null)
  return rows === null ? null : new Map(rows.map((row) => [String(row['name']), row['valid'] === true]))
}

/** Null where it cannot be told. */
export function compareTraces(before: Traces | null, after: Traces | null): TraceChange | null {
  if (before === null || after === null) return null
  const isNew = ([name, valid]: readonly [string, boolean]): boolean => valid && !before.has(name)
  return {
    changed: [...after].some(isNew) || [...before.keys()].some((name) => !after.has(name)),
    left: [...after].flatMap(([name, valid]) => (valid || before.get(name) === false ? [] : [name])),
  }
}

/** That of a partitioned table is invalid until each partition has one, whatever failed. */
const indexesQuery = (schema: string, table: string): string => `
  select quote_ident(n.nspname) || '.' || quote_ident(i.relname) as name, x.indisvalid as valid
  from pg_index x join pg_class i on i.oid = x.indexrelid and i.relkind = 'i'
    join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = ${pg.escapeLiteral(schema)} and c.relname = ${pg.escapeLiteral(table)}
  order by i.relname`

const labelsQuery = (schema: string, name: string): string => `
  select e.enumlabel as name, true as valid
  from pg_enum e join pg_type t on t.oid = e.enumtypid join pg_namespace n on n.oid = t.typnamespace
  where n.nspname = ${pg.escapeLiteral(schema)} and t.typname = ${pg.escapeLiteral(name)}`
