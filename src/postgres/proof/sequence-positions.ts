import pg from 'pg'
import { objectKey } from '../../core/model/catalog.js'
import { queryRows } from '../connection/query.js'
import type { TableSelection } from './sample-rows.js'

/** A sequence, and the columns that take their numbers from it. */
export interface NumberingSequence {
  /** The key of the column for that of an identity, which is no object of its own. */
  readonly key: string
  /** Its name in SQL. */
  readonly name: string
  readonly increment: bigint
  readonly columns: readonly NumberedColumn[]
}

interface NumberedColumn {
  readonly key: string
  /** The table and the column in SQL. */
  readonly table: string
  readonly column: string
}

/** Where a sequence stands. */
export interface SequencePosition {
  readonly increment: bigint
  readonly last: bigint
  /** The number that it gives next. */
  readonly next: bigint
  /** The keys of the columns that it numbers and that have its next number already. */
  readonly taken: readonly string[]
}

/** The positions of sequences, by key. */
export type SequencePositions = Readonly<Record<string, SequencePosition>>

/** The sequences of these names in SQL, and those that number columns of some tables. */
export async function readSequences(
  client: pg.ClientBase,
  tables: TableSelection,
  names: readonly string[],
): Promise<readonly NumberingSequence[]> {
  const rows = await queryRows(client, sequencesQuery(tables, names))
  return rows.map(({ schema, name, identity, increment, qualified, columns: found }) => {
    const columns: readonly (NumberedColumn & { readonly names: readonly string[] })[] = JSON.parse(
      JSON.stringify(found),
    )
    const keyed = columns.map((each) => ({ ...each, key: objectKey('column', each.names) }))
    const key = identity === true ? keyed[0]?.key : undefined
    return {
      key: key ?? objectKey('sequence', [String(schema), String(name)]),
      name: String(qualified),
      increment: BigInt(String(increment)),
      columns: keyed,
    }
  })
}

/** Puts each sequence where it has numbered the rows that there are, and has given a number where there are none. */
export async function advanceSequences(
  client: pg.ClientBase,
  sequences: readonly NumberingSequence[],
): Promise<void> {
  const blocks = sequences.map(({ name, increment, columns }) => {
    const [bound, extreme] = increment > 0n ? ['greatest', 'max'] : ['least', 'min']
    const highest = columns.map(({ table, column }) => `(select ${extreme}(${column}) from ${table})`)
    const position = `${bound}(${[...highest, 's.last_value'].join(', ')})::bigint`
    // A number that is beyond what the sequence may give leaves it as it is.
    return `begin perform setval(${pg.escapeLiteral(name)}, ${position}) from ${name} s; exception when others then null; end;`
  })
  if (blocks.length > 0) await client.query(`do ${pg.escapeLiteral(`begin ${blocks.join('\n')} end`)}`)
}

/** Where sequences stand. */
export async function readPositions(
  client: pg.ClientBase,
  sequences: readonly NumberingSequence[],
): Promise<SequencePositions> {
  if (sequences.length === 0) return {}
  const rows = await queryRows(client, sequences.map(positionQuery).join(' union all '))
  const positions: Record<string, SequencePosition> = {}
  for (const { place, last, next, taken } of rows) {
    const { key, increment, columns } = sequences[Number(place)] ?? {}
    if (key === undefined || increment === undefined) continue
    const flags = String(taken)
    positions[key] = {
      increment,
      last: BigInt(String(last)),
      next: BigInt(String(next)),
      taken: (columns ?? []).filter((_, index) => flags[index] === 't').map((column) => column.key),
    }
  }
  return positions
}

/** What happened to a position that is lost, as text; null where the sequence goes on, or further on. */
export function positionLossOf(before: SequencePosition, after: SequencePosition | undefined): string | null {
  if (after === undefined) return 'is gone with its position'
  const [isUp, wasUp] = [after.increment > 0n, before.increment > 0n]
  // With another increment the next number may be closer to the last one.
  const isGivenAgain = after.next === before.last && before.next !== before.last
  const isBehind = isGivenAgain || (isUp ? after.next < before.last : after.next > before.last)
  const isLost = isUp === wasUp ? isBehind : after.last !== before.last
  return isLost ? `begins again at ${after.next}, after ${before.last}` : null
}

/** The columns whose next number a row has already, and had not before, with that number. */
export function takenNumbers(
  before: SequencePositions,
  after: SequencePositions,
): readonly (readonly [column: string, number: bigint])[] {
  const known = new Set(Object.values(before).flatMap(({ taken }) => taken))
  return Object.values(after).flatMap(({ taken, next }) =>
    taken.filter((column) => !known.has(column)).map((column) => [column, next] as const),
  )
}

function positionQuery({ name, increment, columns }: NumberingSequence, place: number): string {
  const next = `case when s.is_called then s.last_value::numeric + ${increment} else s.last_value end`
  const taken = columns.map(({ table, column }) => `exists (select from ${table} where ${column} = ${next})`)
  const flags = taken.map((flag) => `case when ${flag} then 't' else 'f' end`)
  const columnsOfRow = `${place} as place, s.last_value::text as last, (${next})::text as next`
  return `select ${columnsOfRow}, concat(${["''", ...flags].join(', ')}) as taken from ${name} s`
}

/** Columns are numbered by their identity, or by a default that is nothing but the next number. */
const sequencesQuery = (tables: TableSelection, names: readonly string[]): string => `
  with chosen as materialized (${tables}), numbered as materialized (
    select d.objid as sequence, a.attrelid, a.attname, true as identity
    from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype = 'i'
      and a.attidentity <> '' and a.attrelid in (select oid from chosen)
    union all
    select d.refobjid, a.attrelid, a.attname, false
    from pg_depend d join pg_attrdef f on f.oid = d.objid
      join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
      join pg_type t on t.oid = a.atttypid and t.typname in ('int2', 'int4', 'int8', 'numeric')
    where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
      and f.adrelid in (select oid from chosen)
      and pg_get_expr(f.adbin, f.adrelid) ~ '^nextval\\(''[^'']+''::regclass\\)$')
  select n.nspname as schema, s.relname as name, quote_ident(n.nspname) || '.' || quote_ident(s.relname) as qualified,
    q.seqincrement::text as increment, coalesce(bool_or(o.identity), false) as identity,
    coalesce(json_agg(json_build_object('names', json_build_array(cn.nspname, c.relname, o.attname), 'column', quote_ident(o.attname),
      'table', quote_ident(cn.nspname) || '.' || quote_ident(c.relname)) order by c.oid, o.attname)
      filter (where o.attname is not null), '[]') as columns
  from pg_class s join pg_sequence q on q.seqrelid = s.oid join pg_namespace n on n.oid = s.relnamespace
    left join numbered o on o.sequence = s.oid
    left join pg_class c on c.oid = o.attrelid left join pg_namespace cn on cn.oid = c.relnamespace
  where s.oid in (select sequence from numbered)
    or s.oid = any (array[${names.map((name) => `to_regclass(${pg.escapeLiteral(name)})`).join(', ')}]::oid[])
  group by s.oid, s.relname, n.nspname, q.seqincrement order by s.oid`
