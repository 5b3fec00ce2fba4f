import type { Fact, Facts } from '../../core/model/catalog.js'

/** The facts of one row: columns named as facts, and their values; what is null is left out. */
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
  throw new TypeError(`a fact must be text, number, boolean or a list, got ${typeof value}`)
}
