import type { Facts } from './catalog.js'
import type { Snapshot } from './snapshot.js'

/** A value that a revision adds to an enum there was before it, and the later revisions. */
export interface NewEnumValue {
  readonly adds: string
  /** As PostgreSQL prints it: `'glad'::public.mood`. */
  readonly value: string
  readonly later: readonly string[]
  /** Those of the later ones that use it in a definition. What they do to rows, the catalog does not show. */
  readonly uses: readonly string[]
}

/** The values that revisions add to enums, in order: PostgreSQL refuses to use one in the transaction that adds it. */
export function findNewEnumValues({ base, revisions }: Snapshot): readonly NewEnumValue[] {
  const catalog: Record<string, Facts | null> = { ...base }
  return revisions.flatMap(({ revision, changes }, index) => {
    const values = Object.entries(changes).flatMap(([key, facts]) => addedValues(key, catalog[key], facts))
    Object.assign(catalog, changes)
    const later = revisions.slice(index + 1)
    return values.map((value) => ({
      adds: revision,
      value,
      later: later.map((each) => each.revision),
      uses: later.filter((each) => mentions(each.changes, value)).map((each) => each.revision),
    }))
  })
}

function addedValues(key: string, before: Facts | null | undefined, after: Facts | null): readonly string[] {
  if (!key.startsWith('enum:') || before == null || after === null) return []
  const old = new Set(labelsOf(before))
  return labelsOf(after)
    .filter((label) => !old.has(label))
    .map((label) => `'${label.replaceAll("'", "''")}'::${key.slice('enum:'.length)}`)
}

function labelsOf({ labels = [] }: Facts): readonly string[] {
  return [labels].flat().map(String)
}

function mentions(changes: Readonly<Record<string, Facts | null>>, value: string): boolean {
  return Object.values(changes).some((facts) =>
    Object.values(facts ?? {}).some((fact) => String(fact).includes(value)),
  )
}
