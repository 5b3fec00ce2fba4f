import pg from 'pg'
import { queryRows } from '../../src/postgres/connection/query.js'

/** Texts, separated by `|`, each of which some type accepts as a value. */
const sampleTexts =
  '1|7|101|true|a|b@example.org|2024-02-03|2024-02-03 10:00|10:00|1 day|' +
  '5f0c6a52-6a3c-4a51-9a3c-0c1f4a7f2b11|10.0.0.1|08:00:2b:01:02:03|{"a": 1}|{}|(1,2)|((0,0),(1,1))|' +
  '[1,2)|[2024-02-03,2024-02-04)|empty|<a/>'

const sampleLiterals = sampleTexts
  .split('|')
  .map((text) => pg.escapeLiteral(text))
  .join(', ')

/** One row for each table: its writable columns, their possible values, and whether they need one. */
const tablesQuery = `
  select c.oid::regclass::text as name, coalesce(json_agg(json_build_object(
    'name', quote_ident(a.attname), 'required', a.attnotnull,
    'values', array(
      select quote_literal(text)
      from unnest(array(
        select e.enumlabel::text from pg_enum e where e.enumtypid = a.atttypid order by e.enumsortorder
      ) || array[${sampleLiterals}]) with ordinality found(text, place)
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
  /** The beginning of a subquery for a value in the referenced table of a foreign key; null for other columns. */
  readonly referenced: string | null
}

interface Table {
  readonly name: string
  readonly columns: readonly Column[]
}

/**
 * Inserts up to two rows into each table for which values are easily found; other tables stay empty. In a transaction
 * of the caller. Before PostgreSQL 16, which does not have `pg_input_is_valid`, all tables stay empty.
 */
export async function insertRows(client: pg.Client): Promise<void> {
  const [version] = await queryRows(client, "select current_setting('server_version_num')::int as number")
  if (Number(version?.['number']) < 160_000) return
  // Triggers of the case may do anything, and tables may reference each other.
  await client.query('set session_replication_role to replica')
  let remaining = (await queryRows(client, tablesQuery)).map(tableOf)
  for (let before = Infinity; remaining.length < before;) {
    before = remaining.length
    const empty: Table[] = []
    for (const table of remaining) if (!(await insertInto(client, table))) empty.push(table)
    remaining = empty
  }
  await client.query('reset session_replication_role')
}

/** Inserts up to two rows. Returns whether the first was inserted. */
async function insertInto(client: pg.Client, table: Table): Promise<boolean> {
  const isInserted = await runFirstPossible(client, insertStatements(table, 0))
  if (isInserted) await runFirstPossible(client, insertStatements(table, 1))
  return isInserted
}

/** Statements to try for one row, those with the most columns first. `rowNumber` is 0 for the first row. */
function insertStatements({ name, columns }: Table, rowNumber: number): readonly string[] {
  const writable = columns.filter(({ values, referenced }) => values.length > 0 || referenced !== null)
  const required = writable.filter((column) => column.required)
  const shifts = [0, 1, 2, 3, 4, 5]
  const rows = [writable, required].flatMap((rowColumns) =>
    rowColumns.length === 0
      ? []
      : shifts.map((shift) => {
          const values = rowColumns.map((column) => valueOf(column, rowNumber, rowNumber + shift))
          return `insert into ${name} (${rowColumns.map((column) => column.name).join(', ')}) values (${values.join(', ')})`
        }),
  )
  return [...rows, `insert into ${name} default values`]
}

function valueOf({ values, referenced }: Column, rowNumber: number, index: number): string {
  if (referenced !== null) return `${referenced}${rowNumber})`
  return values[index % values.length] ?? 'null'
}

/** Runs the first statement that PostgreSQL accepts. Returns whether there was one. */
async function runFirstPossible(client: pg.Client, statements: readonly string[]): Promise<boolean> {
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
