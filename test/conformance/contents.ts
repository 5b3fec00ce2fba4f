import type pg from 'pg'
import { objectKey } from '../../src/core/model/catalog.js'
import { queryRows } from '../../src/postgres/connection/query.js'

/** The values of a column. */
export interface ColumnContents {
  readonly type: string
  /** The number of values that are not null. */
  readonly count: number
  /** A hash of the values as text, which does not depend on their order. */
  readonly digest: string
}

/** The rows of a table, without those of its children. */
export interface TableContents {
  readonly rows: number
  /** By key, without generated columns. */
  readonly columns: Readonly<Record<string, ColumnContents>>
}

/** The contents of all tables, by key. A partitioned table is left out, or has the rows of its partitions. */
export async function readContents(
  client: pg.Client,
  partitioned: 'left out' | 'with its partitions',
): Promise<Readonly<Record<string, TableContents>>> {
  const kinds = partitioned === 'left out' ? `'r'` : `'r', 'p'`
  const contents: Record<string, TableContents> = {}
  for (const table of await queryRows(client, tablesQuery(kinds))) {
    const [schema, name] = [String(table['schema']), String(table['name'])]
    const columns: readonly (readonly [string, string])[] = JSON.parse(JSON.stringify(table['columns']))
    const [row] = await queryRows(client, `select ${String(table['counts'])} from ${String(table['source'])}`)
    const values = columns.map(([column, type], index): readonly [string, ColumnContents] => [
      objectKey('column', [schema, name, column]),
      { type, count: Number(row?.[`count_${index + 1}`]), digest: String(row?.[`digest_${index + 1}`]) },
    ])
    contents[objectKey('table', [schema, name])] = {
      rows: Number(row?.['rows']),
      columns: Object.fromEntries(values),
    }
  }
  return contents
}

const tablesQuery = (kinds: string): string => `
  select n.nspname as schema, c.relname as name,
    case c.relkind when 'r' then 'only ' else '' end || c.oid::regclass as source,
    'count(*) as rows' || coalesce(string_agg(format(
      ', count(%1$I) as count_%2$s, md5(string_agg(%1$I::text, chr(1) order by %1$I::text collate "C")) as digest_%2$s',
      a.attname, a.number
    ), '' order by a.number) filter (where a.number is not null), '') as counts,
    coalesce(json_agg(json_build_array(a.attname, a.type) order by a.number) filter (where a.number is not null), '[]')
      as columns
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join lateral (
    select attname, format_type(atttypid, atttypmod) as type, row_number() over (order by attnum) as number
    from pg_attribute
    where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
  ) a on true
  where c.relkind in (${kinds}) and n.nspname !~ '^(pg_|information_schema$)'
    and not exists (select from pg_depend e where e.objid = c.oid and e.deptype = 'e')
  group by c.oid, n.nspname, c.relname, c.relkind`
