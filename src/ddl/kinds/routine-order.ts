import { type Catalog, oncePerCatalog } from '../../core/model/catalog.js'
import { type DdlObject, findObject, listFact, partsByRelation, textFact } from '../object.js'

/**
 * The keys of the routines whose names are in the body of a routine, without those that need that routine themselves.
 * PostgreSQL records no dependency for a body in quotes, but runs it as soon as a new table or index calls the routine.
 */
export function routinesToCreateFirst(routine: DdlObject): readonly string[] {
  const { catalog, key } = routine
  return routinesNamedIn(catalog, key).filter((named) => !dependsOn(catalog, named, key))
}

const identifierPattern = /"(?:[^"]|"")*"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/gi

function routinesNamedIn(catalog: Catalog, key: string): readonly string[] {
  return namedRoutinesByKey(catalog).get(key) ?? []
}

/** The keys of the routines that each routine names in its body, by its key. */
const namedRoutinesByKey = oncePerCatalog((catalog) => {
  const routines = Object.keys(catalog)
    .filter((key) => /^(?:function|procedure):/.test(key))
    .flatMap((key) => findObject(catalog, key) ?? [])
  const byName = new Map<string, string[]>()
  for (const { names, key } of routines) {
    const name = names.at(-1) ?? ''
    byName.set(name, [...(byName.get(name) ?? []), key])
  }
  return new Map(routines.map((routine) => [routine.key, findRoutineKeys(routine, byName)]))
})

function findRoutineKeys(
  routine: DdlObject,
  byName: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const identifiers = new Set(
    textFact(routine, 'definition').match(identifierPattern)?.map(normalizeIdentifier),
  )
  return [...identifiers].flatMap((name) => byName.get(name) ?? []).filter((key) => key !== routine.key)
}

function normalizeIdentifier(found: string): string {
  return found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found.toLowerCase()
}

/** Whether the object `start` needs the object `end`, directly or through other objects. */
function dependsOn(catalog: Catalog, start: string, end: string): boolean {
  const parts = partsByRelation(catalog)
  const seen = new Set([start])
  for (const key of seen) {
    if (key === end) return true
    const facts = catalog[key] ?? {}
    const next = [
      listFact({ facts }, '$needs'),
      listFact({ facts }, '$defaultNeeds'),
      parts.get(key) ?? [],
      routinesNamedIn(catalog, key),
    ]
    for (const needed of next.flat()) seen.add(needed)
  }
  return false
}
