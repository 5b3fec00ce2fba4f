import { type Catalog, groupKeys, keyFromSqlName, oncePerCatalog } from './catalog.js'

/** The keys of the partitions of each partitioned table, by its key. */
export const partitionsByParent = oncePerCatalog((catalog) =>
  groupKeys(catalog, (key) => parentKeyOf(key, catalog)),
)

/** The key of the partitioned table of a partition; null for everything else. */
export function parentKeyOf(key: string, catalog: Catalog): string | null {
  const facts = catalog[key]
  const parents = facts?.['partition'] === undefined ? undefined : facts['parents']
  return Array.isArray(parents) ? keyFromSqlName('table', String(parents[0])) : null
}
