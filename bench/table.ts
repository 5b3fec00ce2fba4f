import type { Quantity, Spread } from './measure.js'
import type { ResultRow } from './results.js'

const columns: Readonly<Record<Quantity, { readonly head: string; readonly unit: number }>> = {
  wall: { head: 'wall ms', unit: 1 },
  cpu: { head: 'CPU ms', unit: 1 },
  rss: { head: 'MB', unit: 1_000_000 },
  rate: { head: 'a second', unit: 1 },
}

/** The rows of one part and one size: medians, and how many times the first row's they are. */
export function formatTable(rows: readonly ResultRow[]): string {
  const shown = (['wall', 'cpu', 'rss', 'rate'] as const).filter((column) =>
    rows.some((row) => row[column] !== null),
  )
  const width = Math.max(...rows.map(({ contender }) => contender.length))
  const head = shown.map((column) => `${columns[column].head.padStart(12)}${'ratio'.padStart(8)}`)
  const lines = rows.map((row) => {
    const cells = row.notMeasured ?? shown.map((column) => cell(row[column], columns[column].unit)).join('')
    return `  ${row.contender.padEnd(width)}${row.notMeasured === null ? '' : '  not measured: '}${cells}`
  })
  return [`  ${' '.repeat(width)}${head.join('')}`, ...lines].join('\n')
}

function cell(spread: Spread | null, unit: number): string {
  if (spread === null) return '—'.padStart(12) + ' '.repeat(8)
  return `${number(spread.median / unit).padStart(12)}${spread.ratio.toFixed(2).padStart(8)}`
}

function number(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}
