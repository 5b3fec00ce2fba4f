import { type Catalog, type Facts, keysOf, sameFact, sortKeys } from './catalog.js'
import { forEachInSteps, finishSteps, type Steps } from '../text/steps.js'

/**
 * An object that is not as expected, with its facts except structure. It is the same for every kind of object: what a
 * difference means is decided in core/impact.
 */
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

/** The names of facts that differ at every replay and are therefore never compared, by object key. */
export type UndeterminedFacts = Readonly<Record<string, readonly string[]>>

/**
 * The differences between two catalogs, in reading order; empty if they are the same. Structure, the facts whose names
 * begin with `$`, is never compared. Linear in the number of objects.
 */
export function diff(
  expected: Catalog,
  actual: Catalog,
  undetermined: UndeterminedFacts = {},
): readonly Difference[] {
  return finishSteps(diffInSteps(expected, actual, undetermined))
}

/** The same in steps. */
export function* diffInSteps(
  expected: Catalog,
  actual: Catalog,
  undetermined: UndeterminedFacts,
): Steps<readonly Difference[]> {
  const found = new Map<string, Difference>()
  const compare = (key: string): void => {
    const difference = compareObject(key, expected[key], actual[key], undetermined[key])
    if (difference !== null) found.set(key, difference)
  }
  yield* forEachInSteps(keysOf(expected), compare)
  yield* forEachInSteps(keysOf(actual), (key) => {
    if (expected[key] === undefined) compare(key)
  })
  return sortKeys(found.keys()).flatMap((key) => found.get(key) ?? [])
}

function compareObject(
  key: string,
  expected: Facts | undefined,
  actual: Facts | undefined,
  undetermined: readonly string[] = [],
): Difference | null {
  if (expected === undefined)
    return actual === undefined ? null : { change: 'unexpected', key, actual: withoutStructure(actual) }
  if (actual === undefined) return { change: 'missing', key, expected: withoutStructure(expected) }
  const facts = differingFactNames(expected, actual).filter((name) => !undetermined.includes(name))
  return facts.length === 0
    ? null
    : {
        change: 'changed',
        key,
        facts,
        expected: withoutStructure(expected),
        actual: withoutStructure(actual),
      }
}

function differingFactNames(expected: Facts, actual: Facts): readonly string[] {
  const added = Object.keys(actual).filter((name) => expected[name] === undefined)
  return [...Object.keys(expected), ...added]
    .filter((name) => !isStructure(name) && !sameFact(expected[name], actual[name]))
    .sort()
}

/** The facts that are compared and shown, without those that only say how the object stands to others. */
export function withoutStructure(facts: Facts): Facts {
  const names = Object.keys(facts)
  return names.some(isStructure)
    ? Object.fromEntries(Object.entries(facts).filter(([name]) => !isStructure(name)))
    : facts
}

function isStructure(name: string): boolean {
  return name.startsWith('$')
}
