import { type Catalog, keysOf, oncePerCatalog } from '../../core/model/catalog.js'

const routineKey = /^(?:function|procedure|aggregate):([^(]*)/

/**
 * Whether a routine that goes has the name of another one that stays or comes. While both are there, PostgreSQL may take the
 * wrong one for a call, or neither, so that what calls it is dropped before and created after.
 */
export function hasNamesake(key: string, to: Catalog): boolean {
  const [, name] = routineKey.exec(key) ?? []
  return name !== undefined && routineNames(to).has(name)
}

const routineNames = oncePerCatalog(
  (catalog) => new Set(keysOf(catalog).flatMap((key) => routineKey.exec(key)?.[1] ?? [])),
)
