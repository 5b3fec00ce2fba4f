import { toPrintable } from '../text/printable.js'
import { countByKind, type Fact, type Facts } from './catalog.js'
import type { Difference } from './diff.js'
import type { Changes } from './snapshot.js'

/** Nouns whose plural, or kinds whose name for people, is another than their own with an s. */
const irregularNames: Readonly<Record<string, readonly [one: string, several: string]>> = {
  index: ['index', 'indexes'],
  policy: ['policy', 'policies'],
  statistics: ['extended statistics', 'extended statistics'],
  composite: ['composite type', 'composite types'],
  range: ['range type', 'range types'],
  operator_family: ['operator family', 'operator families'],
  operator_class: ['operator class', 'operator classes'],
  text_search_dictionary: ['text search dictionary', 'text search dictionaries'],
  server: ['foreign server', 'foreign servers'],
  default_privileges: ['default privileges', 'default privileges'],
}

/** The name of one object of a kind: `materialized_view` -> `materialized view`. */
export function nameOfKind(kind: string): string {
  return irregularNames[kind]?.[0] ?? kind.replaceAll('_', ' ')
}

/** The name of several objects of a kind: `column` -> `columns`. */
export function pluralOfKind(kind: string): string {
  return irregularNames[kind]?.[1] ?? `${nameOfKind(kind)}s`
}

/** `1 revision`, `3 revisions`. */
export function formatCount(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${number === 1 ? nameOfKind(noun) : pluralOfKind(noun)}`
}

/** Counts by kind in words: `2 tables, 9 columns`, `nothing` for none. */
export function describeCounts(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([kind, number]) => formatCount(number, kind))
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** A list as people read it: of a long one the first lines and the last. */
export function shortenList(lines: readonly string[]): readonly string[] {
  return lines.length <= 12
    ? lines
    : [...lines.slice(0, 5), `… ${lines.length - 10} more`, ...lines.slice(-5)]
}

/** Milliseconds as people read them: `340 ms`, `12.4 s`, `3 min 5 s`. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

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
