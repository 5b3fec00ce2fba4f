import type { PartName } from '../part.js'
import type { ResultRow, Results } from '../results.js'
import { drawPanel, type Line, type Panel, panelHeight, type Point, width } from './panel.js'
import { colorOf, styleSheet } from './style.js'
import { svg } from './svg.js'

const panels = [
  {
    part: 'history',
    title: 'From an empty database: wall time as a multiple of plain Knex applying all revisions',
  },
  { part: 'start', title: 'Start at head: wall time as a multiple of a bare script that reads the catalog' },
] as const

/**
 * Cost against size, as an SVG: what the parts `history` and `start` have measured.
 *
 * @throws Error if neither was measured
 */
export function drawChart({ machine, rows }: Results): string {
  const measured = panels.map(({ part, title }) => ({ title, rows: rows.filter(isMeasured(part)) }))
  const names = measured.flatMap((panel) => panel.rows.map(({ contender }) => contender))
  const own = [...new Set(names)].filter((name) => name.startsWith('schemagate'))
  const drawn = measured
    .map((panel) => panelOf(panel.rows, panel.title, own))
    .filter(({ lines }) => lines.length > 0)
  if (drawn.length === 0) throw new Error('The results have neither the part history nor the part start.')
  const height = drawn.length * panelHeight + 34
  const absent = [...new Set(rows.filter((row) => row.notMeasured !== null).map((row) => row.contender))]
  const foot = [
    `Node ${machine.node}, PostgreSQL ${machine.postgres}, ${machine.cores} CPUs; medians of whole processes run in turn.`,
    absent.length > 0 ? `Not measured: ${absent.join(', ')}.` : [],
  ].flat()
  const frame = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height }
  return `${svg('svg', frame, [
    svg('title', {}, 'What schemagate costs against the size of a history'),
    svg('style', {}, styleSheet),
    svg('rect', { class: 'ground', width, height, rx: 6 }),
    ...drawn.map((panel, index) => drawPanel(panel, 10 + index * panelHeight)),
    svg('text', { class: 'foot', x: 16, y: height - 12 }, foot.join(' ')),
  ])}\n`
}

function isMeasured(part: PartName) {
  return (row: ResultRow): boolean => row.part === part && row.wall !== null
}

/** The same command has the same colour in all panels. */
function panelOf(rows: readonly ResultRow[], title: string, own: readonly string[]): Panel {
  const names = [...new Set(rows.map(({ contender }) => contender))]
  const lines = names.map((label, index): Line => {
    const style = own.includes(label) ? colorOf(own.indexOf(label)) : index === 0 ? 'base' : 'peer'
    return { label, style, points: pointsOf(rows, label) }
  })
  const sizes = rows.map(
    ({ revisions, tables }) => [revisions ?? 0, `${(tables ?? 0).toLocaleString('en')} tables`] as const,
  )
  return { title, lines, sizes: new Map(sizes) }
}

function pointsOf(rows: readonly ResultRow[], label: string): readonly Point[] {
  return rows
    .filter(({ contender }) => contender === label)
    .map(({ revisions, wall }) => ({ revisions: revisions ?? 0, ratio: wall?.ratio ?? NaN }))
}
