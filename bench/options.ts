import { parseArgs } from 'node:util'
import { type PartName, partNames } from './part.js'

export interface BenchOptions {
  readonly parts: readonly PartName[]
  readonly runs: number
  /** Of the generated histories, those of no more revisions. */
  readonly revisions: number
  /** Of the verifications, those of no more tables. */
  readonly tables: number
  /** The URL of the one database to measure the verification of; null for generated ones. */
  readonly database: string | null
  /** The path of the Node that runs what is measured. */
  readonly node: string
  readonly peers: boolean
  /** Where to write the results. */
  readonly json: string | null
  /** Where to draw the chart. */
  readonly plot: string | null
  /** The results to draw; null to measure. */
  readonly drawn: string | null
}

const defaultParts = ['start', 'serve', 'memory', 'history', 'verify', 'requests', 'turns'] as const

export const help = `npm run bench -- [OPTION]…

Compares schemagate with what does the same work without it: whole processes in turn, A B C A B C, each contender as
the ratio to the first one of the same round.

Parts (--part NAME, more than once for several; all by default):
${Object.entries(partNames)
  .map(([name, text]) => `  ${name.padEnd(18)}${text}`)
  .join('\n')}

Options:
  --runs N          how often each contender runs after the warm-up: 9 (a third of it for memory, history and requests)
  --revisions N     generated histories of no more than N revisions: 300 (of 50, 300, 1000 and 3000)
  --tables N        verify no more than N tables, and turns with N: 1000 (of 100, 1000 and 10000)
  --database URL    verify this database instead; it is only read
  --node PATH       run what is measured with another Node than this one
  --no-peers        leave out the other tools, which npm otherwise installs in bench/peers
  --json FILE       write the results, which docs/performance.md describes
  --plot [FILE]     draw cost against size as docs/performance.svg, from the results in FILE or of this run
  --help            this text
`

/** @throws Error that says what is wrong with the arguments */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      part: { type: 'string', multiple: true, default: [...defaultParts] },
      runs: { type: 'string', default: '9' },
      revisions: { type: 'string', default: '300' },
      tables: { type: 'string', default: '1000' },
      database: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      'no-peers': { type: 'boolean', default: false },
      json: { type: 'string' },
      plot: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const [drawn = null, ...others] = positionals
  if (others.length > 0 || (drawn !== null && !values.plot))
    throw new Error(`Unexpected argument '${positionals.at(-1)}': only --plot takes one, the results to draw`)
  return {
    parts: values.part.map(toPartName),
    runs: toCount('runs', values.runs),
    revisions: toCount('revisions', values.revisions),
    tables: toCount('tables', values.tables),
    database: values.database ?? null,
    node: values.node,
    peers: !values['no-peers'],
    json: values.json ?? null,
    plot: values.plot ? 'docs/performance.svg' : null,
    drawn,
  }
}

function toPartName(name: string): PartName {
  const found = defaultParts.find((part) => part === name)
  if (!found) throw new Error(`Unknown part '${name}': ${defaultParts.join(', ')}`)
  return found
}

function toCount(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${option} is a whole number from 1 on, not '${text}'`)
  return Number(text)
}
