import type { Catalog } from '../../core/model/catalog.js'
import { type DdlObject, findObject, listFact, partsByRelation, textFact } from '../object.js'

/**
 * The keys of the routines that the text of another names, as far as they can come before it. PostgreSQL records no
 * dependency for a body in quotes, yet runs it where a table or an index that is made next calls it.
 */
export function routinesToCreateFirst(routine: DdlObject): readonly string[] {
  const { catalog, key } = routine
  return routinesNamedIn(catalog, key).filter((named) => !dependsOn(catalog, { start: named, end: key }))
}

const wordPattern = /"(?:[^"]|"")*"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/gi

function routinesNamedIn(catalog: Catalog, key: string): readonly string[] {
  return namedRoutinesByKey(catalog).get(key) ?? []
}

const namedRoutinesCache = new WeakMap<Catalog, ReadonlyMap<string, readonly string[]>>()

/** By the key of each routine, the keys of the others that its text names. */
function namedRoutinesByKey(catalog: Catalog): ReadonlyMap<string, readonly string[]> {
  const known = namedRoutinesCache.get(catalog)
  if (known !== undefined) return known
  const routines = Object.keys(catalog)
    .filter((key) => /^(?:function|procedure):/.test(key))
    .flatMap((key) => findObject(catalog, key) ?? [])
  const byName = new Map<string, string[]>()
  for (const { names, key } of routines) {
    const name = names.at(-1) ?? ''
    byName.set(name, [...(byName.get(name) ?? []), key])
  }
  const found = new Map(routines.map((one) => [one.key, findRoutineKeys(one, byName)]))
  namedRoutinesCache.set(catalog, found)
  return found
}

function findRoutineKeys(
  routine: DdlObject,
  byName: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const words = new Set(textFact(routine, 'definition').match(wordPattern)?.map(normalizeWord))
  return [...words].flatMap((name) => byName.get(name) ?? []).filter((key) => key !== routine.key)
}

function normalizeWord(found: string): string {
  return found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found.toLowerCase()
}

interface DependencyPath {
  readonly start: string
  readonly end: string
}

/** Whether one object needs another, be it through others. */
function dependsOn(catalog: Catalog, { start, end }: DependencyPath): boolean {
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
