import type { Fact, Facts } from '../../core/model/catalog.js'

/** The facts of one row, by the names of its columns. A null is left out. */
export function factsFromRow(names: readonly string[], values: readonly unknown[]): Facts {
  const facts: Record<string, Fact> = {}
  for (const [index, name] of names.entries()) {
    const value = values[index]
    if (value !== null) facts[name] = parseFact(value)
  }
  return facts
}

function parseFact(value: unknown): Fact {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(String)
  throw new TypeError(`A fact must be text, a number, a boolean or a list, not ${typeof value}.`)
}
