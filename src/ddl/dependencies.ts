import { type Catalog, schemaOf } from '../core/model/catalog.js'
import { type DdlObject, list, relationOf } from './object.js'

/** The keys of what an object needs: what PostgreSQL recorded, the relation it belongs to, and its schema. */
export function needsOf(object: DdlObject): ReadonlySet<string> {
  return new Set([...ownNeeds(object), ...list(object, '$defaultNeeds')])
}

/** Without what only the default of a column needs. */
export function ownNeeds(object: DdlObject): readonly string[] {
  const relation = relationOf(object.catalog, object.key)
  const schema = schemaOf(object.key)
  return [
    ...list(object, '$needs'),
    ...(relation === undefined ? [] : [relation]),
    ...(schema === null ? [] : [schema]),
  ]
}

const known = new WeakMap<Catalog, ReadonlyMap<string, ReadonlySet<string>>>()

/** By the key of an object, the keys of those that need it. What a schema or a relation holds is not among them. */
export function dependentsOf(catalog: Catalog): ReadonlyMap<string, ReadonlySet<string>> {
  const found = known.get(catalog) ?? findDependents(catalog)
  known.set(catalog, found)
  return found
}

function findDependents(catalog: Catalog): ReadonlyMap<string, ReadonlySet<string>> {
  const dependents = new Map<string, Set<string>>()
  for (const [key, facts] of Object.entries(catalog))
    for (const needed of [...list({ facts }, '$needs'), ...list({ facts }, '$defaultNeeds')]) {
      const found = dependents.get(needed)
      if (found === undefined) dependents.set(needed, new Set([key]))
      else found.add(key)
    }
  return dependents
}
