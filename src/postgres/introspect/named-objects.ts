import pg from 'pg'
import { parseKey, unquoteName } from '../../core/model/catalog.js'
import type { KindQuery } from './queries/kind-query.js'

/**
 * The SQL of one kind for objects with these names. Each name is a condition of its own, so that PostgreSQL finds the rows by
 * index instead of printing every object of the kind.
 *
 * @param arrays for each part of a key, schema first, the SQL of an array with the names to find
 */
export function queryForNames({ sql, names }: KindQuery, arrays: readonly string[]): string {
  const columns = Array.from({ length: names }, (_, index) => `name_${index}`)
  const conditions = columns.map((column, index) => `${column} = any(${arrays[index]})`)
  return `select * from (${sql}) named(address, part, ${columns.join(', ')}) where ${conditions.join(' and ')}`
}

/** These arrays, as literals, for the objects of some keys; they name other objects too. */
export function nameArrays({ names }: KindQuery, keys: readonly string[]): readonly string[] {
  const objects = keys.map((key) => parseKey(key).names)
  return Array.from({ length: names }, (_, index) => {
    const found = new Set(objects.map((parts) => bareName(parts[index] ?? '')))
    return `array[${[...found].map((name) => pg.escapeLiteral(name)).join(', ')}]::text[]`
  })
}

/** Without the arguments that follow the name of a routine. */
function bareName(name: string): string {
  return unquoteName(/^"(?:[^"]|"")*"|^[^(]*/s.exec(name)?.[0] ?? '')
}
