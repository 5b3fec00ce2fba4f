import pg from 'pg'
import { objectKey } from '../../core/model/catalog.js'
import { queryAll, queryRows, type Row, rowsOf } from '../connection/query.js'
import type { TableSelection } from './sample-rows.js'

/** The values of a column. */
export interface ColumnContents {
  readonly type: string
  /** Whether they are rows of a composite type, or arrays of such, whose hash leaves out what is null. */
  readonly composite: boolean
  /** The number of values that are not null. */
  readonly count: number
  /** A hash of the values as text, which does not depend on their order; null where they cannot be compared with earlier ones. */
  readonly digest: string | null
}

/** The rows of a table, without those of its children. */
export interface TableContents {
  readonly rows: number
  /** By key, without generated columns. */
  readonly columns: Readonly<Record<string, ColumnContents>>
}

/** The contents of tables, by key. */
export type Contents = Readonly<Record<string, TableContents>>

interface Column {
  readonly name: string
  readonly type: string
  /** Whether its values are rows of a composite type, or arrays of such. */
  readonly composite: boolean
}

interface Table {
  readonly key: string
  /** For a FROM clause. */
  readonly source: string
  readonly columns: readonly TableColumn[]
}

interface TableColumn extends Column {
  readonly key: string
}

/** How many tables share a message. */
const tablesPerMessage = 100

/** The contents of tables, without those of extensions. A partitioned table is left out. */
export async function readContents(client: pg.ClientBase, selection: TableSelection): Promise<Contents> {
  return readTables(client, await findTables(client, `c.relkind = 'r' and c.oid in (${selection})`), {})
}

/**
 * The same of these tables after a change; a table that is partitioned now has the rows of its partitions. Values of another type than before are
 * compared as values of the earlier one, where there is a cast.
 */
export async function readContentsAfter(client: pg.ClientBase, before: Contents): Promise<Contents> {
  const tables = await findTables(client, `c.relkind in ('r', 'p')`)
  return readTables(
    client,
    tables.filter(({ key }) => before[key] !== undefined),
    before,
  )
}

async function findTables(client: pg.ClientBase, condition: string): Promise<readonly Table[]> {
  const rows = await queryRows(client, tablesQuery(condition))
  return rows.map(({ schema, name, source, columns: found }) => {
    const names = [String(schema), String(name)]
    const columns: readonly Column[] = JSON.parse(JSON.stringify(found))
    return {
      key: objectKey('table', names),
      source: String(source),
      columns: columns.map((column) => ({ ...column, key: objectKey('column', [...names, column.name]) })),
    }
  })
}

async function readTables(
  client: pg.ClientBase,
  tables: readonly Table[],
  before: Contents,
): Promise<Contents> {
  const contents: Record<string, TableContents> = {}
  for (let done = 0; done < tables.length; done += tablesPerMessage) {
    const together = tables.slice(done, done + tablesPerMessage)
    const results = await queryAll(client, together.map(contentsQuery).join(';\n'))
    for (const [index, table] of together.entries())
      contents[table.key] = await tableContents(client, table, {
        row: rowsOf(results[index])[0] ?? {},
        before: before[table.key],
      })
  }
  return contents
}

function contentsQuery({ source, columns }: Table): string {
  const parts = columns.map(
    (column, index) =>
      `, count(${pg.escapeIdentifier(column.name)}) as count_${index}, ${digestOf(textOf(column))} as digest_${index}`,
  )
  return `select count(*) as rows${parts.join('')} from ${source}`
}

async function tableContents(
  client: pg.ClientBase,
  { source, columns }: Table,
  { row, before }: { readonly row: Row; readonly before: TableContents | undefined },
): Promise<TableContents> {
  const values: Record<string, ColumnContents> = {}
  for (const [index, column] of columns.entries()) {
    const { key, type, composite } = column
    const earlier = before?.columns[key] ?? column
    const isSame = earlier.type === type && earlier.composite === composite
    const digest = isSame
      ? String(row[`digest_${index}`])
      : earlier.composite
        ? null
        : await readDigestAs(client, column, earlier.type, source)
    values[key] = { type, composite, count: Number(row[`count_${index}`]), digest }
  }
  return { rows: Number(row['rows']), columns: values }
}

/** An attribute that a composite type has gained is null in values that it had before. */
function textOf({ name, composite }: Column): string {
  const column = pg.escapeIdentifier(name)
  return composite ? `jsonb_strip_nulls(to_jsonb(${column}))::text` : `${column}::text`
}

function digestOf(text: string): string {
  return `md5(string_agg(${text}, chr(1) order by ${text} collate "C"))`
}

/** The digest of values as those of another type; null where there is none. The transaction of the caller goes on. */
async function readDigestAs(
  client: pg.ClientBase,
  { name }: Column,
  type: string,
  source: string,
): Promise<string | null> {
  const select = `select ${digestOf(`(${pg.escapeIdentifier(name)}::${type})::text`)} from ${source}`
  const block = `declare digest text; begin
    execute ${pg.escapeLiteral(select)} into digest;
    perform set_config('schemagate.digest', coalesce(digest, ''), false);
  exception when others then perform set_config('schemagate.digest', '', false);
  end`
  const message = `do ${pg.escapeLiteral(block)}; select current_setting('schemagate.digest') as digest`
  const [row] = await queryRows(client, message)
  return row === undefined || row['digest'] === '' ? null : String(row['digest'])
}

const tablesQuery = (condition: string): string => `
  select n.nspname as schema, c.relname as name,
    case c.relkind when 'r' then 'only ' else '' end || c.oid::regclass as source,
    coalesce(json_agg(json_build_object('name', a.attname, 'type', a.type, 'composite', a.composite) order by a.attnum)
      filter (where a.attname is not null), '[]') as columns
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join lateral (
    select a.attname, a.attnum, format_type(a.atttypid, a.atttypmod) as type, 'c' in (t.typtype, e.typtype) as composite
    from pg_attribute a join pg_type d on d.oid = a.atttypid
    join pg_type t on t.oid = case d.typbasetype when 0 then d.oid else d.typbasetype end
    left join pg_type e on e.oid = t.typelem
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  ) a on true
  where ${condition} and n.nspname !~ '^(pg_|information_schema$)'
    and not exists (select from pg_depend e where e.objid = c.oid and e.deptype = 'e')
  group by c.oid, n.nspname, c.relname, c.relkind`
