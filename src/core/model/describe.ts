import { describeCounts, nameOfKind } from '../text/format.js'
import { exactExcerpts, isVisiblySame } from '../text/exact-excerpts.js'
import { toPrintable } from '../text/printable.js'
import { countByKind, type Fact, type Facts, parseKey, relationKeysOf } from './catalog.js'
import type { Difference } from './diff.js'
import type { Changes } from './snapshot.js'

/** Of more objects in a group only the counts are shown. */
const mostNamed = 4

/**
 * What a revision changes, by name: `+ table public.songs (9 columns); ~ column public.bands.name`. What belongs to a table
 * that is created or dropped is counted. `existing` are the keys that existed before it.
 */
export function describeChangedObjects(changes: Changes, existing: ReadonlySet<string>): string {
  const parts = groupChanges(changes, existing).flatMap(([sign, keys]) =>
    keys.length === 0 ? [] : [`${sign} ${nameObjects(keys)}`],
  )
  return parts.length === 0 ? 'no change to the catalog' : parts.join('; ')
}

function nameObjects(keys: readonly string[]): string {
  const all = new Set(keys)
  const ownerOf = (key: string): string | undefined => relationKeysOf(key).find((owner) => all.has(owner))
  const named = keys.filter((key) => ownerOf(key) === undefined)
  if (named.length > mostNamed) return describeCounts(countByKind(keys))
  return named
    .map((key) => {
      const members = keys.filter((each) => ownerOf(each) === key)
      const counts = members.length === 0 ? '' : ` (${describeCounts(countByKind(members))})`
      return `${nameOfKind(parseKey(key).kind)} ${toPrintable(key.slice(key.indexOf(':') + 1))}${counts}`
    })
    .join(', ')
}

/** What a revision changes: `+ 1 table, 9 columns; ~ 1 column; - 1 index`. `existing` are the keys that existed before it. */
export function describeChanges(changes: Changes, existing: ReadonlySet<string> = new Set()): string {
  const parts = groupChanges(changes, existing).flatMap(([sign, group]) =>
    group.length === 0 ? [] : [`${sign} ${describeCounts(countByKind(group))}`],
  )
  return parts.length === 0 ? 'no change to the catalog' : parts.join('; ')
}

/** The keys that a revision adds, changes and removes, each with its sign. */
function groupChanges(
  changes: Changes,
  existing: ReadonlySet<string>,
): readonly (readonly [sign: string, keys: readonly string[]])[] {
  const keys = Object.keys(changes)
  const remaining = keys.filter((key) => changes[key] !== null)
  return [
    ['+', remaining.filter((key) => !existing.has(key))],
    ['~', remaining.filter((key) => existing.has(key))],
    ['-', keys.filter((key) => changes[key] === null)],
  ]
}

/** A difference as lines: the change and the key, then the expected and the actual value of each fact. */
export function describeDifference(difference: Difference): readonly string[] {
  switch (difference.change) {
    case 'missing':
      return [`missing ${toPrintable(difference.key)}`, ...factsLine('expected', difference.expected)]
    case 'unexpected':
      return [`unexpected ${toPrintable(difference.key)}`, ...factsLine('actual', difference.actual)]
    case 'changed':
      return [
        `changed ${toPrintable(difference.key)}`,
        ...difference.facts.flatMap((name) => {
          const [expected, actual] = describeChangedFact(difference.expected[name], difference.actual[name])
          return [`  ${name}`, `    expected  ${expected}`, `    actual    ${actual}`]
        }),
      ]
  }
}

/** A fact on one line: the lines of a definition are joined. */
export function describeFact(fact: Fact | undefined): string {
  return toPrintable(textOf(fact).replaceAll(/\s+/g, ' ').trim())
}

/** Two values of a fact that differ. Where both would look the same, with all their characters where they begin to differ. */
export function describeChangedFact(
  expected: Fact | undefined,
  actual: Fact | undefined,
): readonly [expected: string, actual: string] {
  const [one, other] = [describeFact(expected), describeFact(actual)]
  return isVisiblySame(one, other) ? exactExcerpts(exactTextOf(expected), exactTextOf(actual)) : [one, other]
}

function textOf(fact: Fact | undefined): string {
  if (fact === undefined) return 'none'
  return Array.isArray(fact) ? fact.join(', ') : String(fact)
}

function exactTextOf(fact: Fact | undefined): string {
  return Array.isArray(fact) ? JSON.stringify(fact) : textOf(fact)
}

function factsLine(label: string, facts: Facts): readonly string[] {
  const entries = Object.entries(facts).map(([name, fact]) => `${name} ${describeFact(fact)}`)
  return entries.length === 0 ? [] : [`    ${label.padEnd(10)}${entries.join(', ')}`]
}
