import { type Catalog, keyFromSqlName } from './catalog.js'

const partitionsCache = new WeakMap<Catalog, ReadonlyMap<string, readonly string[]>>()

/** The keys of the partitions of each partitioned table, by its key. Computed once per catalog. */
export function partitionsByParent(catalog: Catalog): ReadonlyMap<string, readonly string[]> {
  const known = partitionsCache.get(catalog)
  if (known !== undefined) return known
  const found = new Map<string, string[]>()
  for (const key of Object.keys(catalog)) {
    const parent = parentKeyOf(key, catalog)
    if (parent === null) continue
    const siblings = found.get(parent)
    if (siblings === undefined) found.set(parent, [key])
    else siblings.push(key)
  }
  partitionsCache.set(catalog, found)
  return found
}

/** The key of the partitioned table of a partition; null for everything else. */
export function parentKeyOf(key: string, catalog: Catalog): string | null {
  const facts = catalog[key]
  const parents = facts?.['partition'] === undefined ? undefined : facts['parents']
  return Array.isArray(parents) ? keyFromSqlName('table', String(parents[0])) : null
}
