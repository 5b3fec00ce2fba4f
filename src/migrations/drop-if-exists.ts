import type { Knex } from 'knex'
import { type Definition, readDefinitions } from './definitions.js'
import { plainName } from './ensure.js'
import { findNamedRelation, requireTable, requireTableKind } from './table.js'

/** Drops a table if there is one. Returns whether there was; throws where the name is that of something else. */
export async function dropTableIfExists(knex: Knex, table: string): Promise<boolean> {
  const found = await findNamedRelation(knex, table)
  if (found === null) return false
  requireTableKind(table, found)
  await knex.raw('drop table ??', [`${found.schema}.${found.name}`])
  return true
}

/** Drops a column of a table that must exist. Returns whether there was one. */
export function dropColumnIfExists(knex: Knex, table: string, column: string): Promise<boolean> {
  const sql = 'alter table ?? drop column ??'
  return dropPart(knex, table, { kind: 'column', name: column }, (full) => knex.raw(sql, [full, column]))
}

/** Drops a constraint of a table that must exist. Returns whether there was one. */
export function dropConstraintIfExists(knex: Knex, table: string, constraint: string): Promise<boolean> {
  const sql = 'alter table ?? drop constraint ??'
  return dropPart(knex, table, { kind: 'constraint', name: constraint }, (full) =>
    knex.raw(sql, [full, constraint]),
  )
}

/** Drops an index of a table that must exist. Returns whether there was one; that of a constraint is not dropped. */
export function dropIndexIfExists(knex: Knex, table: string, index: string): Promise<boolean> {
  return dropPart(knex, table, { kind: 'index', name: index }, (_, schema) =>
    knex.raw('drop index ??', [`${schema}.${index}`]),
  )
}

async function dropPart(
  knex: Knex,
  table: string,
  { kind, name }: Pick<Definition, 'kind' | 'name'>,
  drop: (table: string, schema: string) => PromiseLike<unknown>,
): Promise<boolean> {
  const found = await requireTable(knex, table)
  const named = (await readDefinitions(knex, found.oid)).filter((each) => each.name === plainName(knex, name))
  if (named.some((each) => each.kind === kind)) {
    await drop(`${found.schema}.${found.name}`, found.schema)
    return true
  }
  const [other] = named.filter((each) => each.kind !== 'column' && kind !== 'column')
  if (other !== undefined) throw new Error(`${name} of ${table} is no ${kind}: ${other.text}`)
  return false
}
