import { describeCounts } from '../text/format.js'
import { toPrintable } from '../text/printable.js'
import { countByKind, type Fact, type Facts } from './catalog.js'
import type { Difference } from './diff.js'
import type { Changes } from './snapshot.js'

/** What a revision changes: `+ 1 table, 9 columns; ~ 1 column; - 1 index`. `existing` are the keys that existed before it. */
export function describeChanges(changes: Changes, existing: ReadonlySet<string> = new Set()): string {
  const keys = Object.keys(changes)
  const remaining = keys.filter((key) => changes[key] !== null)
  const groups = [
    ['+', remaining.filter((key) => !existing.has(key))],
    ['~', remaining.filter((key) => existing.has(key))],
    ['-', keys.filter((key) => changes[key] === null)],
  ] as const
  const parts = groups.flatMap(([sign, group]) =>
    group.length === 0 ? [] : [`${sign} ${describeCounts(countByKind(group))}`],
  )
  return parts.length === 0 ? 'no change to the catalog' : parts.join('; ')
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
        ...difference.facts.flatMap((name) => [
          `  ${name}`,
          `    expected  ${describeFact(difference.expected[name])}`,
          `    actual    ${describeFact(difference.actual[name])}`,
        ]),
      ]
  }
}

/** A fact on one line: the lines of a definition are joined. */
export function describeFact(fact: Fact | undefined): string {
  if (fact === undefined) return 'none'
  const text = Array.isArray(fact) ? fact.join(', ') : String(fact)
  return toPrintable(text.replaceAll(/\s+/g, ' ').trim())
}

function factsLine(label: string, facts: Facts): readonly string[] {
  const entries = Object.entries(facts).map(([name, fact]) => `${name} ${describeFact(fact)}`)
  return entries.length === 0 ? [] : [`    ${label.padEnd(10)}${entries.join(', ')}`]
}
