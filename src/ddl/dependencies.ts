import { type Catalog, oncePerCatalog, schemaKeyOf } from '../core/model/catalog.js'
import { type DdlObject, findObject, listFact, relationKeyOf } from './object.js'

/** The keys of the objects that an object needs: those in `pg_depend`, the relation it belongs to, and its schema. */
export function dependenciesOf(object: DdlObject): ReadonlySet<string> {
  return new Set([...dependenciesWithoutDefault(object), ...listFact(object, '$defaultNeeds')])
}

/** The same without what only the default of a column needs. */
export function dependenciesWithoutDefault(object: DdlObject): readonly string[] {
  const { relationKey } = object
  const schema = schemaKeyOf(object.key)
  return [
    ...listFact(object, '$needs'),
    ...(relationKey === undefined ? [] : [relationKey]),
    ...(schema === null ? [] : [schema]),
  ]
}

/**
 * By the key of an object, the keys of the objects that need it by `pg_depend`. Membership in a schema or a relation
 * does not count.
 */
export const dependentsOf = oncePerCatalog(collectDependents)

function collectDependents(catalog: Catalog): ReadonlyMap<string, ReadonlySet<string>> {
  const dependents = new Map<string, Set<string>>()
  for (const [key, facts] of Object.entries(catalog))
    for (const needed of [...listFact({ facts }, '$needs'), ...listFact({ facts }, '$defaultNeeds')]) {
      const found = dependents.get(needed)
      if (found === undefined) dependents.set(needed, new Set([key]))
      else found.add(key)
    }
  return dependents
}

/** Whether an object needs another one, or a part of it, directly or through others. */
export function reaches(catalog: Catalog, key: string, other: string): boolean {
  const reached = new Set([key])
  for (const one of reached) {
    if (one === other || relationKeyOf(catalog, one) === other) return true
    const object = findObject(catalog, one)
    for (const needed of object === undefined ? [] : dependenciesOf(object)) reached.add(needed)
  }
  return false
}
