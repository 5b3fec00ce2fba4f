import { parseKey } from '../../core/model/catalog.js'
import { unquotedNames } from '../../core/model/pattern.js'

/** PostgreSQL makes a name from those of a table and a column, each of which it shortens to no fewer bytes. */
const shortestPart = 28

/** The kinds whose names share a schema, and cannot be the same. */
const relationKinds = new Set([
  'table',
  'foreign_table',
  'view',
  'materialized_view',
  'sequence',
  'index',
  'constraint',
])

/** Whether an object has the name of one of these, or a name that PostgreSQL could make from it: `songs_id_seq`. */
export function createNamesakeTest(keys: Iterable<string>): (key: string) => boolean {
  const beginnings = new Set<string>()
  for (const key of keys) {
    const [schema = '', ...names] = unquotedNames(key)
    for (const name of names) beginnings.add(`${schema}.${beginningOf(name, shortestPart)}`)
  }
  return (key) => {
    if (!relationKinds.has(parseKey(key).kind)) return false
    const [schema = '', ...names] = unquotedNames(key)
    const own = names.at(-1) ?? ''
    for (let length = 1; length <= shortestPart; length += 1)
      if (beginnings.has(`${schema}.${beginningOf(own, length)}`)) return true
    return false
  }
}

/** In bytes, as PostgreSQL counts. */
function beginningOf(name: string, bytes: number): string {
  return Buffer.from(name).toString('latin1', 0, bytes)
}
