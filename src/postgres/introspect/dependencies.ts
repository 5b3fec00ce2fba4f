import {
  type Catalog,
  type Facts,
  parseKey,
  relationsOf,
  schemaOf,
  tableOf,
} from '../../core/model/catalog.js'
import type { Rows } from '../connection/query.js'

/** Where PostgreSQL keeps each object: `pg_class/16385/2` -> `column:public.songs.title`. */
export type Addresses = ReadonlyMap<string, string>

type Cells = readonly unknown[]

export function addressOfRow(catalog: string, [oid, sub]: Cells): string {
  return `${catalog}/${String(oid)}/${String(sub)}`
}

/** The results of the alias and the dependency query. */
export interface StructureRows {
  readonly aliases: Rows
  readonly dependencies: Rows
}

/**
 * A catalog with what each object needs, as sorted keys in `$needs`; what only the default of a column needs is in its
 * `$defaultNeeds`. Left out is what a key says already: the schema of an object, and the table of what belongs to one.
 */
export function withNeeds(catalog: Catalog, addresses: Addresses, rows: StructureRows): Catalog {
  const find = finder(addresses, rows.aliases)
  const needs = new Map<string, Set<string>>()
  const defaultNeeds = new Map<string, Set<string>>()
  for (const [from, fromId, fromSub, to, toId, toSub] of rows.dependencies.rows) {
    const key = find(addressOfRow(String(from), [fromId, fromSub]))
    const needed = find(addressOfRow(String(to), [toId, toSub]))
    if (key === undefined || needed === undefined || !isNews(key, needed)) continue
    const isDefault = from === 'pg_attrdef' && catalog[key]?.['default'] !== undefined
    add(isDefault ? defaultNeeds : needs, key, needed)
  }
  return Object.fromEntries(
    Object.entries(catalog).map(([key, facts]) => [
      key,
      { ...facts, ...listed('$needs', needs.get(key)), ...listed('$defaultNeeds', defaultNeeds.get(key)) },
    ]),
  )
}

/** From the address of any row to the key of the object it stands for; a column without a key stands for its relation. */
function finder(addresses: Addresses, aliases: Rows): (address: string) => string | undefined {
  const targets = new Map<string, string>()
  for (const [catalog, id, target, targetId, sub] of aliases.rows)
    targets.set(addressOfRow(String(catalog), [id, 0]), addressOfRow(String(target), [targetId, sub]))
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
function isNews(key: string, needed: string): boolean {
  if (key === needed || needed === schemaOf(key)) return false
  if (relationsOf(key).includes(needed) || relationsOf(needed).includes(key)) return false
  const { kind } = parseKey(key)
  const neededKind = parseKey(needed).kind
  if (neededKind !== 'column') return true
  // The columns of an index or a constraint are in its definition, and a sequence says by which column it is owned.
  return kind !== 'sequence' && (tableOf(needed) !== tableOf(key) || !['constraint', 'index'].includes(kind))
}

function add(all: Map<string, Set<string>>, key: string, needed: string): void {
  const found = all.get(key)
  if (found === undefined) all.set(key, new Set([needed]))
  else found.add(needed)
}

function listed(name: string, keys: ReadonlySet<string> | undefined): Facts {
  return keys === undefined ? {} : { [name]: [...keys].sort() }
}
