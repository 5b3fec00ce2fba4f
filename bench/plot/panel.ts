import { logScale, logTicks, type Range, type Scale, spreadLabels } from './scale.js'
import { svg } from './svg.js'

export interface Point {
  readonly revisions: number
  readonly ratio: number
}

export interface Line {
  readonly label: string
  /** The class of the style that it is drawn in. */
  readonly style: string
  /** By revisions, at least one. */
  readonly points: readonly Point[]
}

export interface Panel {
  readonly title: string
  readonly lines: readonly Line[]
  /** What is written below each size on the axis. */
  readonly sizes: ReadonlyMap<number, string>
}

export const width = 840
export const panelHeight = 330
const plot = { left: 46, right: 560, top: 36, bottom: 280 }

/** Both axes are logarithmic; each line is labelled at its end. */
export function drawPanel({ title, lines, sizes }: Panel, top: number): string {
  const ticks = logTicks(lines.flatMap(({ points }) => points.map(({ ratio }) => ratio)))
  const x = logScale(rangeOf([...sizes.keys()]), { from: plot.left + 40, to: plot.right - 40 })
  const y = logScale(rangeOf(ticks), { from: plot.bottom, to: plot.top })
  const drawn = [
    svg('text', { class: 'title', x: plot.left - 30, y: 16 }, title),
    ...ticks.flatMap((tick) => drawTick(tick, y(tick))),
    ...[...sizes].flatMap(([revisions, text]) => drawSize(x(revisions), [count(revisions), text])),
    ...lines.map((line) => drawLine(line, x, y)),
    ...drawLabels(lines, x, y),
  ]
  return svg('g', { transform: `translate(0 ${top})` }, drawn)
}

function drawTick(tick: number, y: number): readonly string[] {
  return [
    svg('line', { class: tick === 1 ? 'one' : 'grid', x1: plot.left, x2: plot.right, y1: y, y2: y }),
    svg('text', { class: 'axis', x: plot.left - 6, y: y + 4, 'text-anchor': 'end' }, `${tick} ×`),
  ]
}

function drawSize(x: number, texts: readonly string[]): readonly string[] {
  return texts.map((text, row) =>
    svg('text', { class: 'axis', x, y: plot.bottom + 18 + row * 15, 'text-anchor': 'middle' }, text),
  )
}

function drawLine({ points, style }: Line, x: Scale, y: Scale): string {
  const places = points.map(({ revisions, ratio }) => ({ cx: x(revisions), cy: y(ratio) }))
  const path = places.map(({ cx, cy }) => `${cx.toFixed(1)},${cy.toFixed(1)}`).join(' ')
  return svg('g', { class: style }, [
    svg('polyline', { points: path }),
    ...places.map((place) => svg('circle', { ...place, r: 3 })),
  ])
}

function drawLabels(lines: readonly Line[], x: Scale, y: Scale): readonly string[] {
  const ends = lines.flatMap(({ label, style, points }) =>
    points.slice(-1).map(({ revisions, ratio }) => ({ label, style, revisions, ratio })),
  )
  const places = spreadLabels(
    ends.map(({ ratio }) => y(ratio)),
    15,
    plot.bottom,
  )
  return ends.flatMap(({ label, style, revisions, ratio }, index) => {
    const place = places[index] ?? 0
    const leader = { x1: x(revisions) + 4, y1: y(ratio), x2: plot.right + 8, y2: place }
    const text = `${ratio.toFixed(ratio < 10 ? 2 : 1)} ×  ${label}`
    return [
      svg('line', { class: 'leader', ...leader }),
      svg('text', { class: `label ${style}`, x: plot.right + 12, y: place + 4 }, text),
    ]
  })
}

function rangeOf(values: readonly number[]): Range {
  return { from: Math.min(...values), to: Math.max(...values) }
}

function count(value: number): string {
  return `${value.toLocaleString('en')} revisions`
}
