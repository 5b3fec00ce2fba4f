import type { Knex } from 'knex'
import { readRows } from './read-rows.js'

/** A table by its name: `songs`, or `app.songs` in another schema, as Knex takes it. */
export interface NamedTable {
  /** Null for the first schema of the search_path. */
  readonly schema: string | null
  readonly name: string
  /** As Knex writes it in SQL. */
  readonly sql: string
}

/** A table that exists. */
export interface FoundTable extends NamedTable {
  readonly oid: string
  /** Its schema, as Knex is told of it. */
  readonly schema: string
  readonly kind: string
}

export function nameTable(knex: Knex, table: string): NamedTable {
  const [first = '', ...rest] = table.split('.')
  const schema = rest.length === 0 ? null : first
  const name = rest.length === 0 ? first : rest.join('.')
  return { schema, name, sql: quote(knex, table) }
}

/** As Knex writes a name in SQL, with the project's own spelling of names. */
export function quote(knex: Knex, name: string): string {
  return knex.raw('??', [name]).toQuery()
}

/** Null where nothing has this name. */
export async function findNamedRelation(knex: Knex, table: string): Promise<FoundTable | null> {
  const named = nameTable(knex, table)
  const [row] = await readRows(
    knex,
    `select c.oid::text as oid, n.nspname as schema, c.relkind::text as kind
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass(?)`,
    [named.sql],
  )
  if (row === undefined) return null
  return { ...named, oid: String(row['oid']), schema: String(row['schema']), kind: String(row['kind']) }
}

/** Throws where there is no such table: a wrong name must not pass as one that has nothing to be done with. */
export async function requireTable(knex: Knex, table: string): Promise<FoundTable> {
  const found = await findNamedRelation(knex, table)
  if (found === null) throw new Error(`there is no table ${table}`)
  return requireTableKind(table, found)
}

const tableKinds = ['r', 'p', 'f']

const otherKinds: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  i: 'an index',
  I: 'an index',
  S: 'a sequence',
  c: 'a type',
}

export function requireTableKind(table: string, found: FoundTable): FoundTable {
  if (tableKinds.includes(found.kind)) return found
  throw new Error(`${table} is ${otherKinds[found.kind] ?? 'another kind of object'}, and no table`)
}

/** The schema builder for a table, which may be in another schema. */
export function schemaBuilder(knex: Knex, schema: string | null): Knex.SchemaBuilder {
  return schema === null ? knex.schema : knex.schema.withSchema(schema)
}
