import {
  type Catalog,
  type Facts,
  parseKey,
  relationKeysOf,
  schemaKeyOf,
  tableKeyOf,
} from '../../core/model/catalog.js'
import type { QueryResult } from '../connection/query.js'

/** From the address of an object in the system catalogs to its key: `pg_class/16385/2` -> `column:public.songs.title`. */
export type ObjectAddresses = ReadonlyMap<string, string>

export function objectAddress(catalog: string, [oid, sub]: readonly unknown[]): string {
  return `${catalog}/${String(oid)}/${String(sub)}`
}

/**
 * Adds to each object the sorted keys of the objects it needs: `$needs`, and for a column `$defaultNeeds` with those that
 * only its default needs. Leaves out what a key says already, the schema of an object and the table of its parts.
 *
 * @param aliases the result of `aliasQuery`
 * @param dependencies the result of `dependencyQuery`
 */
export function addDependencies(
  catalog: Catalog,
  addresses: ObjectAddresses,
  aliases: QueryResult,
  dependencies: QueryResult,
): Catalog {
  const keyOf = createKeyLookup(addresses, aliases)
  const needs = new Map<string, Set<string>>()
  const defaultNeeds = new Map<string, Set<string>>()
  for (const [from, fromId, fromSub, to, toId, toSub] of dependencies.rows) {
    const key = keyOf(objectAddress(String(from), [fromId, fromSub]))
    const needed = keyOf(objectAddress(String(to), [toId, toSub]))
    if (key === undefined || needed === undefined || !isExplicitDependency(key, needed)) continue
    const isDefault = from === 'pg_attrdef' && catalog[key]?.['default'] !== undefined
    addDependency(isDefault ? defaultNeeds : needs, key, needed)
  }
  return Object.fromEntries(
    Object.entries(catalog).map(([key, facts]) => [
      key,
      {
        ...facts,
        ...listedFact('$needs', needs.get(key)),
        ...listedFact('$defaultNeeds', defaultNeeds.get(key)),
      },
    ]),
  )
}

/** Finds the key for the address of a row: that of its object, and for a column without a key that of its relation. */
function createKeyLookup(
  addresses: ObjectAddresses,
  aliases: QueryResult,
): (address: string) => string | undefined {
  const targets = new Map<string, string>()
  for (const [catalog, id, target, targetId, sub] of aliases.rows)
    targets.set(objectAddress(String(catalog), [id, 0]), objectAddress(String(target), [targetId, sub]))
  const find = (address: string, hops = 0): string | undefined => {
    const key = addresses.get(address)
    if (key !== undefined || hops > 4) return key
    const whole = address.replace(/\/\d+$/, '/0')
    const target = targets.get(address) ?? targets.get(whole)
    if (target !== undefined) return find(target, hops + 1)
    return whole === address ? undefined : addresses.get(whole)
  }
  return find
}

/** Whether the two keys do not already say it. */
function isExplicitDependency(key: string, needed: string): boolean {
  if (key === needed || needed === schemaKeyOf(key)) return false
  if (relationKeysOf(key).includes(needed) || relationKeysOf(needed).includes(key)) return false
  const { kind } = parseKey(key)
  const neededKind = parseKey(needed).kind
  if (neededKind !== 'column') return true
  // The definition of an index or a constraint names its columns, and a sequence names the column that owns it.
  return (
    kind !== 'sequence' && (tableKeyOf(needed) !== tableKeyOf(key) || !['constraint', 'index'].includes(kind))
  )
}

function addDependency(all: Map<string, Set<string>>, key: string, needed: string): void {
  const found = all.get(key)
  if (found === undefined) all.set(key, new Set([needed]))
  else found.add(needed)
}

function listedFact(name: string, keys: ReadonlySet<string> | undefined): Facts {
  return keys === undefined ? {} : { [name]: [...keys].sort() }
}
