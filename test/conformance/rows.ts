import pg from 'pg'
import { queryRows } from '../../src/postgres/connection/query.js'

/** Texts, between bars, that one type or another reads as a value. */
const texts =
  '1|7|101|true|a|b@example.org|2024-02-03|2024-02-03 10:00|10:00|1 day|' +
  '5f0c6a52-6a3c-4a51-9a3c-0c1f4a7f2b11|10.0.0.1|08:00:2b:01:02:03|{"a": 1}|{}|(1,2)|((0,0),(1,1))|' +
  '[1,2)|[2024-02-03,2024-02-04)|empty|<a/>'

const listed = texts
  .split('|')
  .map((text) => pg.escapeLiteral(text))
  .join(', ')

/** One row a table: its columns that can be written, with the values they could have, and which must have one. */
const tablesQuery = `
  select c.oid::regclass::text as name, coalesce(json_agg(json_build_object(
    'name', quote_ident(a.attname), 'required', a.attnotnull,
    'values', array(
      select quote_literal(text)
      from unnest(array(
        select e.enumlabel::text from pg_enum e where e.enumtypid = a.atttypid order by e.enumsortorder
      ) || array[${listed}]) with ordinality found(text, place)
      where pg_input_is_valid(text, format_type(a.atttypid, a.atttypmod))
      order by place
    ),
    'referenced', (
      select format('(select %I from %s order by 1 limit 1 offset ', r.attname, f.confrelid::regclass)
      from pg_constraint f
      join unnest(f.conkey, f.confkey) pair(own, other) on pair.own = a.attnum
      join pg_attribute r on r.attrelid = f.confrelid and r.attnum = pair.other
      where f.conrelid = c.oid and f.contype = 'f'
      order by f.conname limit 1
    )
  ) order by a.attnum) filter (where a.attnum is not null), '[]') as columns
  from pg_class c
  left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = '' and a.attidentity <> 'a'
  where c.relkind = 'r' and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    and not exists (select from pg_depend e where e.objid = c.oid and e.deptype = 'e')
  group by c.oid`

interface Column {
  readonly name: string
  readonly required: boolean
  readonly values: readonly string[]
  /** The beginning of a query for a value of the table a foreign key leads to. */
  readonly referenced: string | null
}

interface Table {
  readonly name: string
  readonly columns: readonly Column[]
}

/**
 * Puts up to two rows into every table where values are easily found; tables where none fit stay empty. In a transaction
 * of the caller's. Before PostgreSQL 16, which cannot be asked whether a text is a value, all stay empty.
 */
export async function insertRows(client: pg.Client): Promise<void> {
  const [version] = await queryRows(client, "select current_setting('server_version_num')::int as number")
  if (Number(version?.['number']) < 160_000) return
  // Triggers of the case's own may do anything, and tables may refer to each other.
  await client.query('set session_replication_role to replica')
  let waiting = (await queryRows(client, tablesQuery)).map(tableOf)
  for (let before = Infinity; waiting.length < before;) {
    before = waiting.length
    const empty: Table[] = []
    for (const table of waiting) if (!(await insertInto(client, table))) empty.push(table)
    waiting = empty
  }
  await client.query('reset session_replication_role')
}

/** Whether a first row went in. */
async function insertInto(client: pg.Client, table: Table): Promise<boolean> {
  const first = await firstThatWorks(client, attempts(table, 0))
  if (first) await firstThatWorks(client, attempts(table, 1))
  return first
}

/** Statements for one row, the fullest first; `turn` is 0 for the first row. */
function attempts({ name, columns }: Table, turn: number): readonly string[] {
  const written = columns.filter(({ values, referenced }) => values.length > 0 || referenced !== null)
  const required = written.filter((column) => column.required)
  const shifts = [0, 1, 2, 3, 4, 5]
  const rows = [written, required].flatMap((some) =>
    some.length === 0
      ? []
      : shifts.map((shift) => {
          const values = some.map((column) => valueOf(column, turn, turn + shift))
          return `insert into ${name} (${some.map((column) => column.name).join(', ')}) values (${values.join(', ')})`
        }),
  )
  return [...rows, `insert into ${name} default values`]
}

function valueOf({ values, referenced }: Column, turn: number, shift: number): string {
  if (referenced !== null) return `${referenced}${turn})`
  return values[shift % values.length] ?? 'null'
}

async function firstThatWorks(client: pg.Client, statements: readonly string[]): Promise<boolean> {
  for (const statement of statements)
    try {
      await client.query(`savepoint conformance_row; ${statement}; release savepoint conformance_row`)
      return true
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error
      await client.query('rollback to savepoint conformance_row')
    }
  return false
}

function tableOf(row: Readonly<Record<string, unknown>>): Table {
  const columns: readonly Column[] = JSON.parse(JSON.stringify(row['columns']))
  return { name: String(row['name']), columns }
}
