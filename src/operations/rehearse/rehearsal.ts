import type { Catalog } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'

/** What came of one step of a revision. */
export type RehearsedStep =
  | { readonly outcome: 'ok'; readonly duration: number }
  | { readonly outcome: 'failed'; readonly error: Error }
  /** It ran, and the catalog is not what it is to be after it. */
  | { readonly outcome: 'differs'; readonly differences: readonly Difference[] }
  /** It ran, and wrote rows of these tables again. */
  | { readonly outcome: 'writes rows'; readonly tables: readonly string[] }
  | { readonly outcome: 'not run'; readonly because: string }

/** A revision that was run up, down and up again. */
export interface RehearsedRevision {
  readonly revision: string
  readonly transactional: boolean
  /** Whether it has a `verify`, which was asked after each `up`. */
  readonly hasVerify: boolean
  readonly up: RehearsedStep
  /** `not run` where it has none. The catalog is to be what it was before `up`. */
  readonly down: RehearsedStep
  /** The catalog is to be what it was after the first `up`. */
  readonly again: RehearsedStep
  /**
   * Once more, where the ledger has lost its row: `ok` where that changes nothing, `failed` where it is refused. Neither is a
   * fault.
   */
  readonly repeated: RehearsedStep
}

/** On which rows revisions were run. */
export type RehearsalRows = 'generated' | 'none' | 'of the migrations' | 'of the copy'

export interface Rehearsal {
  /** The database, for people. */
  readonly where: string
  readonly revisions: readonly RehearsedRevision[]
  /** Those after one that failed. */
  readonly notRun: readonly string[]
  readonly rows: RehearsalRows
  /** The names of the seeds that ran before. */
  readonly seeds: readonly string[]
  /** What is worth knowing and no fault: a seed that does not run, generated rows that were left out. */
  readonly notes: readonly string[]
}

/** Runs and reads one database. Each step ends with the error that it throws, or null. */
export interface RehearsalDatabase {
  readonly read: () => Promise<Catalog>
  readonly compare: (expected: Catalog, actual: Catalog) => readonly Difference[]
  readonly up: (revision: string) => Promise<Error | null>
  readonly down: (revision: string) => Promise<Error | null>
  /** Runs the newest revision again, without its row in the ledger, which is back afterwards. */
  readonly repeat: (revision: string, transactional: boolean) => Promise<RepeatedRun>
}

/** What a revision made of a database that it had changed before, or the error that it threw. */
export type RepeatedRun =
  { readonly after: Catalog; readonly writtenTables: readonly string[] } | { readonly error: Error }

export function isFault({ outcome }: RehearsedStep): boolean {
  return outcome === 'failed' || outcome === 'differs'
}

/** The revisions of which a step failed, or left something else than it was to leave. */
export function faultyRevisions({ revisions }: Pick<Rehearsal, 'revisions'>): readonly string[] {
  return revisions
    .filter(({ up, down, again }) => [up, down, again].some(isFault))
    .map(({ revision }) => revision)
}

/** Why a step failed, in one line: what the server or the migration said. */
export function reasonOf(error: unknown): string {
  const facts = error instanceof SchemaError ? error.facts : []
  const said = facts.find(([name]) => ['message', 'error', 'verify'].includes(name))?.[1]
  return said === undefined ? errorMessage(error) : ([said].flat()[0] ?? '')
}
