import pg from 'pg'
import { queryRows } from '../connection/query.js'

/** Texts, separated by `|`, each of which some type accepts as a value. */
const sampleTexts =
  '1|7|101|1.2345|7.6543|true|a|b@example.org|2024-02-03 10:20:30.456|2025-11-12 23:59:58.987|10:20:30.456|' +
  '1 year 2 mons 3 days 04:05:06.789|2024-02-03|1 day|5f0c6a52-6a3c-4a51-9a3c-0c1f4a7f2b11|10.0.0.1|' +
  '08:00:2b:01:02:03|{"a": 1}|{}|{1}|(1,2)|((0,0),(1,1))|[1,2)|[2024-02-03,2024-02-04)|empty|<a/>'

const sampleLiterals = sampleTexts
  .split('|')
  .map((text) => pg.escapeLiteral(text))
  .join(', ')

/** The tables that get rows, as SQL: a select of their oids. */
export type TableSelection = string

/** All tables but those of PostgreSQL and of extensions. */
export const allTables: TableSelection = `select c.oid from pg_class c
  where c.relkind = 'r' and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    and not exists (select from pg_depend e where e.objid = c.oid and e.deptype = 'e')`

/** The tables of these names in SQL, their parents and children, and the tables to which their foreign keys lead. */
export function relatedTables(names: readonly string[]): TableSelection {
  const list = names.map((name) => `to_regclass(${pg.escapeLiteral(name)})`).join(', ')
  return `with recursive related as (
      select oid from unnest(array[${list}]::oid[]) named(oid) where oid is not null
      union select other.oid from related r cross join lateral (
        select inhrelid as oid from pg_inherits where inhparent = r.oid
        union all select inhparent from pg_inherits where inhrelid = r.oid
        union all select confrelid from pg_constraint where conrelid = r.oid and contype = 'f') other)
    select oid from related`
}

/** One row for each table: its writable columns, their possible values, and whether they need one. */
const tablesQuery = (tables: TableSelection): string => `
  with chosen as materialized (
    select a.*, c.oid::regclass::text as table_name from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and a.attgenerated = '' and a.attidentity <> 'a'
    where c.relkind = 'r' and c.oid in (${tables})),
  possible as materialized (
    select t.atttypid, t.atttypmod, array(
      select quote_literal(text)
      from unnest(array(
        select e.enumlabel::text from pg_enum e where e.enumtypid = t.atttypid order by e.enumsortorder
      ) || array[${sampleLiterals}]) with ordinality found(text, place)
      where pg_temp.input_is_valid(text, format_type(t.atttypid, t.atttypmod))
      -- Values that lose something in a narrower type come first.
      order by (y.typcategory = 'N' and text ~ '[.]') or (y.typcategory = 'T' and text ~ 'year') desc, place) as literals
    from (select distinct atttypid, atttypmod from chosen) t join pg_type y on y.oid = t.atttypid)
  select a.table_name as name, json_agg(json_build_object(
    'name', quote_ident(a.attname), 'required', a.attnotnull, 'values', v.literals,
    'referenced', (
      select format('(select %I from %s order by 1 limit 1 offset ', r.attname, f.confrelid::regclass)
      from pg_constraint f
      join unnest(f.conkey, f.confkey) pair(own, other) on pair.own = a.attnum
      join pg_attribute r on r.attrelid = f.confrelid and r.attnum = pair.other
      where f.conrelid = a.attrelid and f.contype = 'f'
      order by f.conname limit 1
    )
  ) order by a.attnum) as columns
  from chosen a join possible v using (atttypid, atttypmod)
  group by a.attrelid, a.table_name order by a.attrelid`

interface Column {
  readonly name: string
  readonly required: boolean
  readonly values: readonly string[]
  /** The beginning of a subquery for a value in the referenced table of a foreign key; null for other columns. */
  readonly referenced: string | null
}

interface Table {
  readonly name: string
  readonly columns: readonly Column[]
}

/** How many tables share a message. */
const tablesPerMessage = 50

/** How many rows a table gets. */
const rowsPerTable = 2

/**
 * Inserts two rows into each table for which values are easily found; other tables stay empty. Triggers do not run. In a
 * transaction of the caller, by a superuser.
 */
export async function insertSampleRows(client: pg.ClientBase, selection: TableSelection): Promise<void> {
  await client.query(validation)
  const tables = (await queryRows(client, tablesQuery(selection))).map(tableOf)
  // Triggers may do anything, and tables may reference each other.
  await client.query('set local session_replication_role to replica')
  const empty: Table[] = []
  for (let done = 0; done < tables.length; done += tablesPerMessage) {
    const together = tables.slice(done, done + tablesPerMessage)
    // The first values fit most tables, and to try others takes far longer texts.
    const lacking = await insertRows(client, together, firstStatement)
    empty.push(...(await insertRows(client, lacking, allStatements)).filter(({ rows }) => rows === 0))
  }
  // A row may need one of a table that comes later.
  for (let done = 0; done < empty.length; done += tablesPerMessage)
    await insertRows(client, empty.slice(done, done + tablesPerMessage), allStatements)
  await client.query('set local session_replication_role to default')
  await client.query('drop function pg_temp.input_is_valid(text, text)')
}

/** The statements to try for one row of a table, by the place of the row. */
type StatementsForRow = (table: Table, rowNumber: number) => readonly string[]

/** Inserts the rows that tables lack. Returns the tables that lack some still, with the rows that they have. */
async function insertRows(
  client: pg.ClientBase,
  tables: readonly Table[],
  statementsFor: StatementsForRow,
): Promise<readonly (Table & { readonly rows: number })[]> {
  if (tables.length === 0) return []
  const counts = tables.map(
    ({ name }, place) =>
      `select ${place} as place, count(*) as rows from (select from only ${name} limit ${rowsPerTable}) found`,
  )
  const found = await queryRows(
    client,
    `${insertBlock(tables, statementsFor)};\n${counts.join(' union all ')}`,
  )
  return found.flatMap(({ place, rows }) => {
    const table = tables[Number(place)]
    return table === undefined || Number(rows) === rowsPerTable ? [] : [{ ...table, rows: Number(rows) }]
  })
}

/** As pg_input_is_valid(), which fails for some types: those of names of objects, such as regclass, and those of extensions. */
const validation = `create function pg_temp.input_is_valid(value text, type text) returns boolean language plpgsql as $$
  begin execute format('select %L::%s', value, type); return true; exception when others then return false; end $$`

/** For each table the first statement that PostgreSQL accepts of each row that it lacks; with one a row, up to the first that it does not. */
function insertBlock(tables: readonly Table[], statementsFor: StatementsForRow): string {
  const work = tables.map((table) => [
    table.name,
    ...Array.from({ length: rowsPerTable }, (_, rowNumber) => statementsFor(table, rowNumber)),
  ])
  return `do ${pg.escapeLiteral(`declare
    made json; row_statements json; statement text; there integer; affected integer;
  begin
    for made in select value from json_array_elements(${pg.escapeLiteral(JSON.stringify(work))}) loop
      execute format('select count(*) from (select from only %s limit ${rowsPerTable}) found', made ->> 0) into there;
      for row_statements in select value from json_array_elements(made) offset 1 + there loop
        affected := 0;
        for statement in select value from json_array_elements_text(row_statements) loop
          begin execute statement; get diagnostics affected = row_count; exit when affected > 0;
          exception when others then null; end;
        end loop;
        exit when affected = 0 and json_array_length(row_statements) = 1;
      end loop;
    end loop;
  end`)}`
}

/** Inserts the first values, if all rows that they reference are there. */
function firstStatement({ name, columns }: Table, rowNumber: number): readonly string[] {
  const writable = columns.filter(isWritable)
  const values = writable.map((column) => valueOf(column, rowNumber, rowNumber))
  const references = writable.flatMap((column, index) => (column.referenced === null ? [] : [values[index]]))
  const condition = references.map((value) => ` and ${value} is not null`).join('')
  return [`insert into ${name} (${namesOf(writable)}) select ${values.join(', ')} where true${condition}`]
}

/** Statements to try for one row, those with the most columns first. `rowNumber` is 0 for the first row. */
function allStatements({ name, columns }: Table, rowNumber: number): readonly string[] {
  const writable = columns.filter(isWritable)
  const required = writable.filter((column) => column.required)
  const shifts = [0, 1, 2, 3, 4, 5]
  const rows = [writable, required].flatMap((rowColumns) =>
    rowColumns.length === 0
      ? []
      : shifts.map((shift) => {
          const values = rowColumns.map((column) => valueOf(column, rowNumber, rowNumber + shift))
          return `insert into ${name} (${namesOf(rowColumns)}) values (${values.join(', ')})`
        }),
  )
  return [...rows, `insert into ${name} default values`]
}

function isWritable({ values, referenced }: Column): boolean {
  return values.length > 0 || referenced !== null
}

function namesOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(', ')
}

function valueOf({ values, referenced }: Column, rowNumber: number, index: number): string {
  if (referenced !== null) return `${referenced}${rowNumber})`
  return values[index % values.length] ?? 'null'
}

function tableOf(row: Readonly<Record<string, unknown>>): Table {
  const columns: readonly Column[] = JSON.parse(JSON.stringify(row['columns']))
  return { name: String(row['name']), columns }
}
