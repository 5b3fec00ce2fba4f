import type { Direction } from './bring.js'
import { titleOf } from './cases.js'
import { bars, broughtShare, type Judged, type Tally, tally } from './tally.js'

const heads = ['pairs', 'load', 'seen', 'a to b', 'b to a', 'refused', 'wrong', 'failed', 'brought']

/** Totals by source and by kind, then of all. A pair with several kinds counts in each. */
export function tables(judged: readonly Judged[]): string {
  return [
    row('source', heads),
    ...grouped(judged, ({ one }) => [one.source]),
    '',
    row('kind', heads),
    ...grouped(judged, ({ one }) => one.kinds),
    '',
    row('all', cells(tally(judged))),
    '',
    ...bars(tally(judged)).map(({ bar, met }) => `${met ? 'met    ' : 'NOT MET'}  ${bar}`),
  ].join('\n')
}

/** Every case that does not load, is not seen, or is not brought across, with the SQL and why. */
export function troubles(judged: readonly Judged[]): string {
  return judged
    .flatMap(({ one, result }) => {
      const title = titleOf(one)
      switch (result.state) {
        case 'not loaded':
          return [block(`${title}: does not load`, [[result.error]])]
        case 'not seen':
          return [block(`${title}: not seen`, result.unstable)]
        case 'seen':
          return [...troubled(`${title}, a to b`, result.forth), ...troubled(`${title}, b to a`, result.back)]
      }
    })
    .join('\n')
}

function troubled(title: string, { verdict, reasons, statements }: Direction): readonly string[] {
  if (verdict === 'brought') return []
  return [block(`${title}: ${verdict}`, [statements.map(({ sql }) => `${sql};`), ...reasons])]
}

function block(title: string, parts: readonly (readonly string[])[]): string {
  const lines = parts.flat().flatMap((text) => text.split('\n'))
  return [title, ...lines.map((line) => `    ${line}`), ''].join('\n')
}

function grouped(judged: readonly Judged[], namesOf: (one: Judged) => readonly string[]): readonly string[] {
  const names = [...new Set(judged.flatMap(namesOf))].sort()
  return names.map((name) => row(name, cells(tally(judged.filter((one) => namesOf(one).includes(name))))))
}

function cells(figures: Tally): readonly string[] {
  const { pairs, loaded, seen, forth, back, refused, wrong, failed } = figures
  const counts = [pairs, loaded, seen, forth, back, refused, wrong, failed].map(String)
  return [...counts, loaded === 0 ? '' : `${broughtShare(figures).toFixed(1)} %`]
}

function row(name: string, columns: readonly string[]): string {
  return name.padEnd(16) + columns.map((text) => text.padStart(9)).join('')
}
