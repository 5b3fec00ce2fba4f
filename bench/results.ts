import { readFile, writeFile } from 'node:fs/promises'
import type { Figure, Spread } from './measure.js'
import type { Part, PartName } from './part.js'

/** What a run of the bench has measured, as it is written to a file. */
export interface Results {
  /** How it was called. */
  readonly command: string
  readonly machine: {
    /** Of the processes that were measured. */
    readonly node: string
    readonly postgres: string
    readonly cores: number
  }
  readonly rows: readonly ResultRow[]
}

/** One contender at one size. The first row of a part and a size is what the ratios of the others are to. */
export interface ResultRow {
  readonly part: PartName
  /** Null where it has none. */
  readonly revisions: number | null
  readonly tables: number | null
  readonly contender: string
  readonly runs: number
  /** Milliseconds. */
  readonly wall: Spread | null
  /** Milliseconds, in the process and the kernel. */
  readonly cpu: Spread | null
  /** Bytes: the most that a process had at once, and of a server what it has at rest. */
  readonly rss: Spread | null
  /** A second. */
  readonly rate: Spread | null
  /** Why there is no figure; null where there is one. */
  readonly notMeasured: string | null
}

export function resultRow(
  { name, size }: Part,
  { contender, runs, spreads, notMeasured }: Figure,
): ResultRow {
  return {
    part: name,
    revisions: size.revisions ?? null,
    tables: size.tables ?? null,
    contender,
    runs,
    wall: spreads.wall ?? null,
    cpu: spreads.cpu ?? null,
    rss: spreads.rss ?? null,
    rate: spreads.rate ?? null,
    notMeasured,
  }
}

export async function writeResults(file: string, results: Results): Promise<void> {
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`)
}

export async function readResults(file: string): Promise<Results> {
  return JSON.parse(await readFile(file, 'utf8'))
}
