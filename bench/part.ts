import type { Owner } from '../test/support/database.js'
import type { Build } from '../test/support/image.js'
import type { Place } from '../test/support/node-process.js'
import type { Figure } from './measure.js'
import type { Project } from './project.js'
import type { HistorySize } from './revisions.js'

export interface BenchContext {
  readonly build: Build
  /** Until whose end databases and files are kept. */
  readonly owner: Owner
  /** How often each contender runs after the warm-up. */
  readonly runs: number
  /** The generated project of that size, made once. */
  readonly project: (size: HistorySize) => Promise<Project>
  /** A process in `cwd` with this database. */
  readonly place: (cwd: string, databaseUrl: string) => Place
  /** Why the peers are not measured; null where they are installed. */
  readonly peersMissing: () => Promise<string | null>
}

/** One comparison. Every figure is compared with the first one. */
export interface Part {
  readonly name: PartName
  readonly title: string
  readonly size: Partial<HistorySize>
  readonly measure: (context: BenchContext) => Promise<readonly Figure[]>
}

/** What can be asked for by name, and what each measures. */
export const partNames = {
  start: 'processes that start on a database at head, and end',
  serve: 'servers that start on a database at head, until /health/ready answers',
  memory: 'memory of servers at rest',
  history: 'processes that bring an empty database to head, or replay all revisions for the snapshot',
  verify: 'reading and comparing a catalog, on a connection that is open',
  requests: 'answers of /health/schema a second',
  turns: 'how long a serving process answers nothing while it checks a changed catalog',
} as const

export type PartName = keyof typeof partNames

/** `300 revisions, 100 tables`. */
export function describeSize({ revisions, tables }: Partial<HistorySize>): string {
  return [
    revisions === undefined ? [] : `${revisions.toLocaleString('en')} revisions`,
    tables === undefined ? [] : `${tables.toLocaleString('en')} tables`,
  ]
    .flat()
    .join(', ')
}
