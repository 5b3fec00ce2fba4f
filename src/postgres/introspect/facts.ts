import type { Fact, Facts } from '../../core/model/catalog.js'

/** The facts of one row, by the names of its columns from `first` on. A null is left out. */
export function factsFromRow(columns: readonly string[], row: readonly unknown[], first: number): Facts {
  const facts: Record<string, Fact> = {}
  for (let index = first; index < row.length; index += 1) {
    const [name, value] = [columns[index], row[index]]
    if (name !== undefined && value !== null) facts[name] = parseFact(value)
  }
  return facts
}

function parseFact(value: unknown): Fact {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(String)
  throw new TypeError(`A fact must be text, a number, a boolean or a list, not ${typeof value}.`)
}
