import { describeCounts } from '../text/format.js'
import { toPrintable } from '../text/printable.js'
import { countByKind, type Fact, type Facts } from './catalog.js'
import type { Difference } from './diff.js'
import type { Changes } from './snapshot.js'

/** What a revision changes, in words: `+ 1 table, 9 columns; ~ 1 column; - 1 index`. `existing` were there before it. */
export function describeChanges(changes: Changes, existing: ReadonlySet<string> = new Set()): string {
  const keys = Object.keys(changes)
  const kept = keys.filter((key) => changes[key] !== null)
  const groups = [
    ['+', kept.filter((key) => !existing.has(key))],
    ['~', kept.filter((key) => existing.has(key))],
    ['-', keys.filter((key) => changes[key] === null)],
  ] as const
  const parts = groups.flatMap(([sign, group]) =>
    group.length === 0 ? [] : [`${sign} ${describeCounts(countByKind(group))}`],
  )
  return parts.length === 0 ? 'no change to the catalog' : parts.join('; ')
}

/** A difference as lines: what it is, then expected and actual of each fact. */
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

/** A fact on one line; a definition of several lines is folded into one. */
export function describeFact(fact: Fact | undefined): string {
  if (fact === undefined) return 'none'
  const text = Array.isArray(fact) ? fact.join(', ') : String(fact)
  return toPrintable(text.replaceAll(/\s+/g, ' ').trim())
}

function factsLine(label: string, facts: Facts): readonly string[] {
  const entries = Object.entries(facts).map(([name, fact]) => `${name} ${describeFact(fact)}`)
  return entries.length === 0 ? [] : [`    ${label.padEnd(10)}${entries.join(', ')}`]
}
