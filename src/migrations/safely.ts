import type { Knex } from 'knex'
import { readDefinitions } from './definitions.js'
import {
  type EnsureResult,
  indexPart,
  type IndexSql,
  indexSql,
  plainName,
  requireSamePart,
} from './ensure.js'
import { readRows } from './read-rows.js'
import { requireTable } from './table.js'

/** Throws inside a transaction, which would hold what these functions are to let go. */
export function requireOutside(knex: Knex, name: string): void {
  if (knex.isTransaction === true)
    throw new Error(
      `${name} runs outside a transaction only, or its locks would be held to the end: export const config = { transaction: false }`,
    )
}

/**
 * Builds an index without blocking writes. One that an earlier attempt has left invalid is dropped and built again; another
 * one of this name is an error, with both definitions. Outside a transaction only.
 */
export async function createIndexSafely(
  knex: Knex,
  table: string,
  index: string,
  definition: IndexSql,
): Promise<EnsureResult> {
  requireOutside(knex, 'createIndexSafely')
  const found = await requireTable(knex, table)
  const part = indexPart(knex, table, index, definition)
  const read = async () => (await readDefinitions(knex, found.oid)).find(part.isIt)
  const there = await read()
  if (there !== undefined && (there.valid || there.kind === 'constraint')) {
    await requireSamePart(knex, found, part)
    return 'there'
  }
  if (there !== undefined) await knex.raw('drop index concurrently ??', [`${found.schema}.${index}`])
  await knex.raw(indexSql(definition, 'concurrently'), [index, `${found.schema}.${found.name}`])
  const made = await read()
  if (made?.valid === true) return 'made'
  throw new Error(`index ${index} of ${table} was built and is not valid`)
}

/**
 * Makes a column NOT NULL without reading the table under a lock that readers wait for: a CHECK that is validated first lets
 * PostgreSQL skip that. Throws, and leaves nothing behind, where a row has null. Outside a transaction only.
 */
export async function setNotNullSafely(knex: Knex, table: string, column: string): Promise<EnsureResult> {
  requireOutside(knex, 'setNotNullSafely')
  const found = await requireTable(knex, table)
  const full = `${found.schema}.${found.name}`
  const [row] = await readRows(
    knex,
    'select attnotnull as done from pg_attribute where attrelid = ?::oid and attname = ? and not attisdropped',
    [found.oid, plainName(knex, column)],
  )
  if (row === undefined) throw new Error(`there is no column ${column} of ${table}`)
  if (row['done'] === true) return 'there'
  const check = `${plainName(knex, column).slice(0, 40)}_schemagate_not_null`
  await knex.raw('alter table ?? drop constraint if exists ??', [full, check])
  await knex.raw('alter table ?? add constraint ?? check (?? is not null) not valid', [full, check, column])
  try {
    await knex.raw('alter table ?? validate constraint ??', [full, check])
    await knex.raw('alter table ?? alter column ?? set not null', [full, column])
  } finally {
    await knex.raw('alter table ?? drop constraint ??', [full, check])
  }
  return 'made'
}
