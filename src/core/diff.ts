import { type Catalog, type Facts, sameFact, sortKeys } from './catalog.js'

/** An object that is not as expected. It knows no kind of object: what it means is `impact`. */
export type Difference =
  | { readonly change: 'missing'; readonly key: string; readonly expected: Facts }
  | { readonly change: 'unexpected'; readonly key: string; readonly actual: Facts }
  | {
      readonly change: 'changed'
      readonly key: string
      /** The names of the facts that differ. */
      readonly facts: readonly string[]
      readonly expected: Facts
      readonly actual: Facts
    }

/** Names of facts, by object key, that are never compared because they differ at every replay. */
export type Undetermined = Readonly<Record<string, readonly string[]>>

/**
 * The differences between two catalogs, in reading order; empty when they are the same.
 * Linear in the number of objects.
 */
export function diff(
  expected: Catalog,
  actual: Catalog,
  undetermined: Undetermined = {},
): readonly Difference[] {
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)])
  const found = new Map<string, Difference>()
  for (const key of keys) {
    const pair = { key, expected: expected[key], actual: actual[key], ignored: undetermined[key] ?? [] }
    const difference = compare(pair)
    if (difference !== null) found.set(key, difference)
  }
  return sortKeys(found.keys()).flatMap((key) => found.get(key) ?? [])
}

interface Pair {
  readonly key: string
  readonly expected: Facts | undefined
  readonly actual: Facts | undefined
  readonly ignored: readonly string[]
}

function compare({ key, expected, actual, ignored }: Pair): Difference | null {
  if (expected === undefined) return actual === undefined ? null : { change: 'unexpected', key, actual }
  if (actual === undefined) return { change: 'missing', key, expected }
  const facts = Object.keys({ ...expected, ...actual })
    .filter((name) => !ignored.includes(name) && !sameFact(expected[name], actual[name]))
    .sort()
  return facts.length === 0 ? null : { change: 'changed', key, facts, expected, actual }
}
