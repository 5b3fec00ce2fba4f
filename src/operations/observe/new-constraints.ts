import type pg from 'pg'
import { queryRows } from '../../postgres/connection/query.js'

/** A constraint or a unique index that the rows of its table have to satisfy, in the words of PostgreSQL. */
export interface NewConstraint {
  readonly oid: string
  readonly kind: 'unique' | 'check' | 'foreign key'
  /** Named as in SQL, like its columns. */
  readonly table: string
  readonly name: string
  /** Columns, or expressions of a unique index. */
  readonly columns: readonly string[]
  readonly nullsAreEqual: boolean
  /** The condition of a check, or that of a partial index; null for none. */
  readonly condition: string | null
  /** Of a foreign key. */
  readonly referenced: { readonly table: string; readonly columns: readonly string[] } | null
}

const nameOf = (oid: string): string =>
  `(select format('%s.%s', quote_ident(n.nspname), quote_ident(c.relname))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = ${oid})`

const columnsOf = (relation: string, numbers: string): string =>
  `(select coalesce(json_agg(quote_ident(a.attname) order by k.place), '[]')
    from unnest(${numbers}) with ordinality k(number, place)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.number)`

/** Not those of partitions, which have them from their parent, and not those that are NOT VALID. */
const constraintsQuery = `
  select x.oid::text as oid, case x.contype when 'c' then 'check' else 'foreign key' end as kind,
    ${nameOf('x.conrelid')} as "table", quote_ident(x.conname) as name,
    ${columnsOf('x.conrelid', 'x.conkey')} as columns, false as equal,
    pg_get_expr(x.conbin, x.conrelid) as condition,
    ${nameOf('nullif(x.confrelid, 0)')} as referenced, ${columnsOf('x.confrelid', 'x.confkey')} as others
  from pg_constraint x
  where x.contype in ('c', 'f') and x.convalidated and x.conrelid <> 0 and x.conparentid = 0 and x.coninhcount = 0
  union all
  select i.indexrelid::text, 'unique', ${nameOf('i.indrelid')}, ${nameOf('i.indexrelid')},
    (select json_agg(pg_get_indexdef(i.indexrelid, number, true) order by number)
     from generate_series(1, i.indnkeyatts) number),
    coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
    pg_get_expr(i.indpred, i.indrelid), null, '[]'
  from pg_index i
  where i.indisunique and not exists (select from pg_inherits h where h.inhrelid = i.indexrelid)
    and i.indrelid in (select oid from pg_class where relnamespace::regnamespace::text !~ '^(pg_|information_schema$)')`

/** Reads what of a database checks rows. */
export async function readConstraints(client: pg.ClientBase): Promise<readonly NewConstraint[]> {
  const rows = await queryRows(client, constraintsQuery)
  return rows.map(({ oid, kind, table, name, columns, equal, condition, referenced, others }) => ({
    oid: String(oid),
    kind: kind === 'unique' || kind === 'check' ? kind : 'foreign key',
    table: String(table),
    name: String(name),
    columns: textsOf(columns),
    nullsAreEqual: equal === true,
    condition: typeof condition === 'string' ? condition : null,
    referenced: typeof referenced === 'string' ? { table: referenced, columns: textsOf(others) } : null,
  }))
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
