import {
  type Catalog,
  createCatalogBuilder,
  type Facts,
  keysOf,
  parseKey,
  relationKeysOf,
  schemaKeyOf,
  tableKeyOf,
} from '../../core/model/catalog.js'
import { forEachInSteps, type Steps } from '../../core/text/steps.js'
import type { QueryResult } from '../connection/query.js'

/** Where the objects of a catalog are in the system catalogs. */
export interface ObjectIndex {
  /** From the address of an object to its key: `pg_class/16385/2` -> `column:public.songs.title`. */
  readonly addresses: Map<string, string>
  /** The other way round; null where no object is read again. */
  readonly places: Map<string, string> | null
  /** From the address of a row that belongs to an object to the address of the object. */
  readonly aliases: Map<string, string>
  /** What was at an address before it is read again. */
  readonly released: Map<string, string>
  /** The keys of objects that were read again under another key. */
  readonly renamed: Set<string>
}

/** An index for one read. */
export function createObjectIndex(): ObjectIndex {
  return {
    addresses: new Map(),
    places: null,
    aliases: new Map(),
    released: new Map(),
    renamed: new Set(),
  }
}

/** An index whose objects are read again. */
export function createLastingIndex(): ObjectIndex {
  return { ...createObjectIndex(), places: new Map() }
}

/** Settings have no oid, and no address. */
export function placeObject(
  { addresses, places, released, renamed }: ObjectIndex,
  catalog: string,
  row: readonly unknown[],
  key: string,
): void {
  if (Number(row[0]) === 0) return
  const address = objectAddress(catalog, row)
  const before = addresses.get(address) ?? released.get(address)
  if (before !== undefined && before !== key) renamed.add(before)
  addresses.set(address, key)
  places?.set(key, address)
}

/** Makes way for objects to be read again. What was one may go on as a part of another, as the index of a constraint. */
export function releaseObjects({ addresses, places, released }: ObjectIndex, keys: Iterable<string>): void {
  released.clear()
  for (const key of keys) {
    const address = places?.get(key)
    if (address === undefined) continue
    places?.delete(key)
    addresses.delete(address)
    released.set(address, key)
  }
}

export function objectAddress(catalog: string, [oid, sub]: readonly unknown[]): string {
  return `${catalog}/${String(oid)}/${String(sub)}`
}

/**
 * Adds to each object the sorted keys of the objects it needs: `$needs`, and for a column `$defaultNeeds` with those that
 * only its default needs. Leaves out what a key says already, the schema of an object and the table of its parts.
 *
 * @param index gets the aliases
 * @param aliases the result of `aliasQuery`
 * @param dependencies the result of `dependencyQuery`
 */
export function* addDependencies(
  catalog: Catalog,
  index: ObjectIndex,
  aliases: QueryResult,
  dependencies: QueryResult,
): Steps<Catalog> {
  yield* forEachInSteps(aliases.rows, ([from, id, target, targetId, sub]) =>
    index.aliases.set(objectAddress(String(from), [id, 0]), objectAddress(String(target), [targetId, sub])),
  )
  const keyOf = createKeyLookup(index)
  const needs = new Map<string, Set<string>>()
  const defaultNeeds = new Map<string, Set<string>>()
  yield* forEachInSteps(dependencies.rows, ([from, fromId, fromSub, to, toId, toSub]) => {
    const key = keyOf(objectAddress(String(from), [fromId, fromSub]))
    const needed = keyOf(objectAddress(String(to), [toId, toSub]))
    if (key === undefined || needed === undefined || !isExplicitDependency(key, needed)) return
    const isDefault = from === 'pg_attrdef' && catalog[key]?.['default'] !== undefined
    addDependency(isDefault ? defaultNeeds : needs, key, needed)
  })
  const { set, build } = createCatalogBuilder()
  yield* forEachInSteps(keysOf(catalog), (key) =>
    set(key, {
      ...catalog[key],
      ...listedFact('$needs', needs.get(key)),
      ...listedFact('$defaultNeeds', defaultNeeds.get(key)),
    }),
  )
  return build()
}

/** Finds the key for the address of a row: that of its object, and for a column without a key that of its relation. */
function createKeyLookup({ addresses, aliases }: ObjectIndex): (address: string) => string | undefined {
  const find = (address: string, hops = 0): string | undefined => {
    const key = addresses.get(address)
    if (key !== undefined || hops > 4) return key
    const whole = address.replace(/\/\d+$/, '/0')
    const target = aliases.get(address) ?? aliases.get(whole)
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
