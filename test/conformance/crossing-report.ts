import { parseKey } from '../../src/core/model/catalog.js'
import type { Difference } from '../../src/core/model/diff.js'
import { describe } from './differences.js'
import type { Crossing } from './majors.js'

/** The table of pairs: how many schemas are the same, of how many that both can load. */
export function crossingTable(crossings: readonly Crossing[]): string {
  const versions = [...new Set(crossings.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b)
  const rows = versions.map((from) => {
    const cells = versions.map((to) => {
      const both = crossings.filter((one) => one.from === from && one.to === to && one.differences !== null)
      const same = both.filter((one) => one.differences?.length === 0)
      return from === to ? '' : `${same.length}/${both.length}`
    })
    return [`from ${from}`, ...cells]
  })
  return [['', ...versions.map((to) => `to ${to}`)], ...rows]
    .map(([first = '', ...cells]) => first.padEnd(10) + cells.map((cell) => cell.padStart(10)).join(''))
    .join('\n')
}

/** What differs, grouped by kind and fact, most frequent first, with an example of each. */
export function crossingReport(crossings: readonly Crossing[]): string {
  const groups = new Map<string, { readonly pairs: Map<string, Set<string>>; readonly example: string }>()
  for (const { title, from, to, differences } of crossings)
    for (const difference of differences ?? [])
      for (const { name, lines } of aspects(difference)) {
        const group = groups.get(name) ?? {
          pairs: new Map<string, Set<string>>(),
          example: [`${title}, expected from ${from}, actual on ${to}`, ...lines].join('\n    '),
        }
        groups.set(name, group)
        const pair = `${from}>${to}`
        group.pairs.set(pair, (group.pairs.get(pair) ?? new Set()).add(title))
      }
  return [...groups]
    .map(([name, { pairs, example }]) => {
      const titles = new Set([...pairs.values()].flatMap((some) => [...some]))
      const counts = [...pairs].map(([pair, some]) => `${pair}: ${some.size}`).join(', ')
      return { size: titles.size, text: `${name}  (${titles.size} cases; ${counts})\n    ${example}\n` }
    })
    .sort((one, other) => other.size - one.size)
    .map(({ text }) => text)
    .join('\n')
}

function aspects(difference: Difference): readonly { name: string; lines: readonly string[] }[] {
  const { kind } = parseKey(difference.key)
  if (difference.change !== 'changed')
    return [{ name: `${kind} ${difference.change}`, lines: describe(difference) }]
  return difference.facts.map((fact) => ({
    name: `${kind}.${fact}`,
    lines: describe({ ...difference, facts: [fact] }),
  }))
}
