import type { Catalog } from '../../core/model/catalog.js'
import { dependenciesOf, dependentsOf } from '../../ddl/dependencies.js'
import type { CatalogPair } from '../../ddl/intents/intents.js'
import { findObject, keyFromName, relationKeyOf, relationOrOwnKey, textFact } from '../../ddl/object.js'
import type { Statement } from '../../ddl/statement.js'

/** The keys of some objects, and of all that needs them in one of the catalogs. */
export function withDependents(keys: Iterable<string>, { from, to }: CatalogPair): ReadonlySet<string> {
  const found = new Set(keys)
  if (found.size === 0) return found
  for (let before = -1; before < found.size;) {
    before = found.size
    for (const catalog of [from, to])
      for (const key of Object.keys(catalog)) if (needsAny(catalog, key, found)) found.add(key)
  }
  return found
}

/** The keys of what some objects of a catalog need, and what that needs. */
export function neededKeys(keys: Iterable<string>, catalog: Catalog): ReadonlySet<string> {
  const found = new Set<string>()
  const queue = [...keys]
  for (const key of queue) {
    const object = findObject(catalog, key)
    for (const needed of object === undefined ? [] : dependenciesOf(object)) {
      if (!found.has(needed)) queue.push(needed)
      found.add(needed)
    }
  }
  return found
}

function needsAny(catalog: Catalog, key: string, keys: ReadonlySet<string>): boolean {
  const object = keys.has(key) ? undefined : findObject(catalog, key)
  return object !== undefined && [...dependenciesOf(object)].some((needed) => keys.has(needed))
}

/** The tables, by their names in SQL, that exist before and after some statements and whose data these may touch. */
export function touchedTables(
  statements: readonly Statement[],
  { from, to }: CatalogPair,
): readonly string[] {
  const keys = new Set(statements.map(({ key }) => key))
  const relations = new Set([...keys].map((key) => relationOrOwnKey(from, key)))
  for (const key of new Set([...keys, ...relations]))
    for (const user of dependentsOf(from).get(key) ?? []) relations.add(relationOrOwnKey(from, user))
  return [...relations].flatMap((key) => {
    const table = key.startsWith('table:') && to[key] !== undefined ? findObject(from, key) : undefined
    return table === undefined ? [] : [table.name]
  })
}

/** The sequences, by their names in SQL, that exist before some statements which are for them. */
export function touchedSequences(statements: readonly Statement[], from: Catalog): readonly string[] {
  const keys = new Set(statements.map(({ key }) => key).filter((key) => key.startsWith('sequence:')))
  return [...keys].flatMap((key) => findObject(from, key)?.name ?? [])
}

/**
 * The planned objects that are to blame for a difference: the object itself, else what it needs, else what belongs to the same
 * relation, else what needs it, else all.
 */
export function plannedCauses(
  key: string,
  planned: ReadonlySet<string>,
  { from, to }: CatalogPair,
): readonly string[] {
  if (planned.has(key)) return [key]
  const object = findObject(from, key) ?? findObject(to, key)
  const needed = object === undefined ? [] : [...dependenciesOf(object)]
  const relation = object?.relationKey
  const dependents = [from, to].flatMap((catalog) => [...(dependentsOf(catalog).get(key) ?? [])])
  const siblings = [...planned].filter(
    (each) => relation !== undefined && (relationKeyOf(from, each) ?? relationKeyOf(to, each)) === relation,
  )
  const candidates = [needed, siblings, dependents].map((keys) => keys.filter((each) => planned.has(each)))
  return candidates.find((keys) => keys.length > 0) ?? [...planned]
}

/** What is there with an object or not at all: the relation that it belongs to, or whose column owns the sequence. */
export function relationUnitOf(catalog: Catalog, key: string): string {
  const owner = textFact({ facts: catalog[key] ?? {} }, 'ownedBy')
  return relationOrOwnKey(catalog, owner === '' ? key : keyFromName('column', owner))
}
