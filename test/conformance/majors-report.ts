import { parseKey } from '../../src/core/model/catalog.js'
import type { Difference } from '../../src/core/model/diff.js'
import type { MajorComparison } from './compare-majors.js'
import { describeDifference } from './differences.js'

/** A table of version pairs: how many schemas are the same, out of those that both versions load. */
export function majorsTable(comparisons: readonly MajorComparison[]): string {
  const versions = [...new Set(comparisons.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b)
  const rows = versions.map((from) => {
    const cells = versions.map((to) => {
      const both = comparisons.filter(
        (comparison) => comparison.from === from && comparison.to === to && comparison.differences !== null,
      )
      const same = both.filter(({ differences }) => differences?.length === 0)
      return from === to ? '' : `${same.length}/${both.length}`
    })
    return [`from ${from}`, ...cells]
  })
  return [['', ...versions.map((to) => `to ${to}`)], ...rows]
    .map(([first = '', ...cells]) => first.padEnd(10) + cells.map((cell) => cell.padStart(10)).join(''))
    .join('\n')
}

interface DifferenceGroup {
  /** The titles of the cases, by pair of versions. */
  readonly titlesByPair: Map<string, Set<string>>
  readonly example: string
}

/** The differences, grouped by kind and fact, the most frequent first, each with an example. */
export function majorsReport(comparisons: readonly MajorComparison[]): string {
  const groups = new Map<string, DifferenceGroup>()
  for (const { title, from, to, differences } of comparisons)
    for (const difference of differences ?? [])
      for (const { name, lines } of namedParts(difference)) {
        const group = groups.get(name) ?? {
          titlesByPair: new Map<string, Set<string>>(),
          example: [`${title}, expected from ${from}, actual on ${to}`, ...lines].join('\n    '),
        }
        groups.set(name, group)
        const pair = `${from}>${to}`
        group.titlesByPair.set(pair, (group.titlesByPair.get(pair) ?? new Set()).add(title))
      }
  return [...groups]
    .map(([name, { titlesByPair, example }]) => {
      const titles = new Set([...titlesByPair.values()].flatMap((pairTitles) => [...pairTitles]))
      const counts = [...titlesByPair].map(([pair, pairTitles]) => `${pair}: ${pairTitles.size}`).join(', ')
      return { size: titles.size, text: `${name}  (${titles.size} cases; ${counts})\n    ${example}\n` }
    })
    .sort((one, other) => other.size - one.size)
    .map(({ text }) => text)
    .join('\n')
}

/** A changed object has one part for each fact. */
function namedParts(difference: Difference): readonly { name: string; lines: readonly string[] }[] {
  const { kind } = parseKey(difference.key)
  if (difference.change !== 'changed')
    return [{ name: `${kind} ${difference.change}`, lines: describeDifference(difference) }]
  return difference.facts.map((fact) => ({
    name: `${kind}.${fact}`,
    lines: describeDifference({ ...difference, facts: [fact] }),
  }))
}
