import type { Catalog } from '../../core/model/catalog.js'
import { type DdlObject, findObject, list, partsOf, text } from '../object.js'

/**
 * The keys of the routines that the text of another names, as far as they can come before it. PostgreSQL records no
 * dependency for a body in quotes, yet runs it where a table or an index that is made next calls it.
 */
export function routinesNamedBy(routine: DdlObject): readonly string[] {
  const { catalog, key } = routine
  return namedIn(catalog, key).filter((named) => !leadsTo(catalog, { start: named, end: key }))
}

const word = /"(?:[^"]|"")*"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/gi

function namedIn(catalog: Catalog, key: string): readonly string[] {
  return namedRoutines(catalog).get(key) ?? []
}

const namedByCatalog = new WeakMap<Catalog, ReadonlyMap<string, readonly string[]>>()

/** By the key of each routine, the keys of the others that its text names. */
function namedRoutines(catalog: Catalog): ReadonlyMap<string, readonly string[]> {
  const known = namedByCatalog.get(catalog)
  if (known !== undefined) return known
  const routines = Object.keys(catalog)
    .filter((key) => /^(?:function|procedure):/.test(key))
    .flatMap((key) => findObject(catalog, key) ?? [])
  const byName = new Map<string, string[]>()
  for (const { names, key } of routines) {
    const name = names.at(-1) ?? ''
    byName.set(name, [...(byName.get(name) ?? []), key])
  }
  const found = new Map(routines.map((one) => [one.key, keysNamedIn(one, byName)]))
  namedByCatalog.set(catalog, found)
  return found
}

function keysNamedIn(routine: DdlObject, byName: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const words = new Set(text(routine, 'definition').match(word)?.map(nameOfWord))
  return [...words].flatMap((name) => byName.get(name) ?? []).filter((key) => key !== routine.key)
}

function nameOfWord(found: string): string {
  return found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found.toLowerCase()
}

interface Way {
  readonly start: string
  readonly end: string
}

/** Whether one object needs another, be it through others. */
function leadsTo(catalog: Catalog, { start, end }: Way): boolean {
  const parts = partsOf(catalog)
  const seen = new Set([start])
  for (const key of seen) {
    if (key === end) return true
    const facts = catalog[key] ?? {}
    const next = [
      list({ facts }, '$needs'),
      list({ facts }, '$defaultNeeds'),
      parts.get(key) ?? [],
      namedIn(catalog, key),
    ]
    for (const needed of next.flat()) seen.add(needed)
  }
  return false
}
