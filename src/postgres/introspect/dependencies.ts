import {
  type Catalog,
  type Facts,
  parseKey,
  relationKeysOf,
  schemaKeyOf,
  tableKeyOf,
} from '../../core/model/catalog.js'
import type { QueryResult } from '../connection/query.js'

/** Where PostgreSQL keeps each object: `pg_class/16385/2` -> `column:public.songs.title`. */
export type ObjectAddresses = ReadonlyMap<string, string>

type AddressCells = readonly unknown[]

export function objectAddress(catalog: string, [oid, sub]: AddressCells): string {
  return `${catalog}/${String(oid)}/${String(sub)}`
}

/** The results of the alias and the dependency query. */
export interface DependencyResults {
  readonly aliases: QueryResult
  readonly dependencies: QueryResult
}

/**
 * A catalog with what each object needs, as sorted keys in `$needs`; what only the default of a column needs is in its
 * `$defaultNeeds`. Left out is what a key says already: the schema of an object, and the table of what belongs to one.
 */
export function addDependencies(
  catalog: Catalog,
  addresses: ObjectAddresses,
  rows: DependencyResults,
): Catalog {
  const find = createKeyLookup(addresses, rows.aliases)
  const needs = new Map<string, Set<string>>()
  const defaultNeeds = new Map<string, Set<string>>()
  for (const [from, fromId, fromSub, to, toId, toSub] of rows.dependencies.rows) {
    const key = find(objectAddress(String(from), [fromId, fromSub]))
    const needed = find(objectAddress(String(to), [toId, toSub]))
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

/** From the address of any row to the key of the object it stands for; a column without a key stands for its relation. */
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

/** Whether a dependency says more than the two keys do. */
function isExplicitDependency(key: string, needed: string): boolean {
  if (key === needed || needed === schemaKeyOf(key)) return false
  if (relationKeysOf(key).includes(needed) || relationKeysOf(needed).includes(key)) return false
  const { kind } = parseKey(key)
  const neededKind = parseKey(needed).kind
  if (neededKind !== 'column') return true
  // The columns of an index or a constraint are in its definition, and a sequence says by which column it is owned.
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
