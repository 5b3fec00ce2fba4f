/** For light and for dark; each is readable as text. */
const palette = [
  ['#0969da', '#58a6ff'],
  ['#1a7f37', '#3fb950'],
  ['#bc4c00', '#f0883e'],
  ['#8250df', '#bc8cff'],
  ['#0e7490', '#39c5cf'],
  ['#bf3989', '#f778ba'],
] as const

/** The class of the nth line that has a colour of its own. */
export function colorOf(index: number): string {
  return `color${index % palette.length}`
}

interface Shades {
  readonly ground: string
  readonly text: string
  readonly muted: string
  readonly grid: string
  readonly peer: string
  readonly colors: readonly string[]
}

const light: Shades = {
  ground: '#ffffff',
  text: '#1f2328',
  muted: '#59636e',
  grid: '#e1e4e8',
  peer: '#a3acb7',
  colors: palette.map(([color]) => color),
}

const dark: Shades = {
  ground: '#0d1117',
  text: '#f0f6fc',
  muted: '#9198a1',
  grid: '#2a313c',
  peer: '#656c76',
  colors: palette.map(([, color]) => color),
}

/** The chart has a ground of its own, because nobody knows what it is shown on. */
export const styleSheet = `
  text { font: 12px system-ui, sans-serif }
  .title { font-weight: 600; font-size: 13px } .axis, .foot { font-size: 11px }
  polyline { fill: none; stroke-width: 2 } .peer polyline { stroke-width: 1 }
${rulesFor(light)}
  @media (prefers-color-scheme: dark) {
${rulesFor(dark)}
  }
`

function rulesFor({ ground, text, muted, grid, peer, colors }: Shades): string {
  const lines = [['base', text], ['peer', peer], ...colors.map((color, index) => [colorOf(index), color])]
  return [
    `.ground { fill: ${ground} } text { fill: ${text} } .axis, .foot, text.peer { fill: ${muted} }`,
    `.grid { stroke: ${grid} } .leader { stroke: ${peer} } .one { stroke: ${muted} }`,
    ...lines.map(
      ([name, color]) => `.${name} polyline { stroke: ${color} } .${name} circle { fill: ${color} }`,
    ),
    ...colors.map((color, index) => `text.${colorOf(index)} { fill: ${color} }`),
  ]
    .map((rule) => `  ${rule}`)
    .join('\n')
}
