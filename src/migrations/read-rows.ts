import type { Knex } from 'knex'

type Value = string | number

/** The rows of a query, whatever version of Knex sends it. */
export async function readRows(
  knex: Knex,
  sql: string,
  values: readonly Value[] = [],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const result: unknown = await knex.raw(sql, [...values])
  return listRows(isObject(result) ? result['rows'] : null)
}

export function listRows(rows: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(rows) ? rows.filter(isObject) : []
}

/** SQL that Knex is to send as it is: a question mark would be a value to it. */
export function verbatim(sql: string): string {
  return sql.replaceAll('?', String.raw`\?`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
