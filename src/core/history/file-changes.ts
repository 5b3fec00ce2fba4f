import type { MigrationChecksum } from '../model/snapshot.js'

/** How a migrations folder changed since its revisions were recorded. */
export type HistoryChange =
  /** Applied with a different text; `unknown` if what it changed then is not recorded. */
  | { readonly what: 'edited'; readonly revision: string; readonly change: 'same' | 'another' | 'unknown' }
  /** Recorded under a name that this build lacks, with the text of a pending one. */
  | { readonly what: 'renamed'; readonly revision: string; readonly to: string; readonly remedy: string }
  /** Recorded before revisions of this build, which lacks it. */
  | { readonly what: 'deleted'; readonly revision: string }
  /** Recorded after a revision that comes later in this build. */
  | { readonly what: 'reordered'; readonly revision: string; readonly after: string }
  /** Pending, and in this build before an applied revision. */
  | { readonly what: 'out of order'; readonly revision: string; readonly before: string }

/** The catalog change that a revision promises, and the PostgreSQL major version that printed it. */
export interface PromisedChange {
  /** The format of the snapshot, a colon, and a hash of the change. */
  readonly changes: string
  readonly postgres: number
}

/** What the ledger records about the text of a revision. */
export interface RecordedMigrationText {
  readonly event: string
  readonly checksum: string | null
  readonly detail: { readonly file?: string | null } & Partial<PromisedChange>
}

/** The texts of the migrations, now and when they were recorded. */
export interface MigrationTexts {
  readonly sources: readonly MigrationChecksum[]
  readonly recorded: ReadonlyMap<string, RecordedMigrationText>
  readonly promisedChangeOf: (revision: string) => PromisedChange | null
  /** The statement that records one revision under the name of another. */
  readonly renameStatement: (revision: string, to: string) => string
}

/**
 * Compares the revisions of this build, in order, with those of the ledger, in the order in which they were recorded.
 * Without texts, edited and renamed revisions are not found.
 */
export function findHistoryChanges(
  build: readonly string[],
  recorded: readonly string[],
  texts: MigrationTexts | null,
): readonly HistoryChange[] {
  const changed =
    texts === null ? [] : [...findRenamed(build, recorded, texts), ...findEdited(recorded, texts)]
  const order = applyRenames(recorded, changed)
  return [...changed, ...findDeletedAndReordered(build, order), ...findOutOfOrder(build, order)]
}

/** One line about a change: the revision, and what happened to it. */
export function describeHistoryChange(found: HistoryChange): string {
  return `${found.revision}  ${describeWhatHappened(found)}`
}

const editDescriptions = {
  same: 'edited, with the same change to the catalog',
  another: 'edited, with a different change to the catalog',
  unknown: 'edited; what it changed before is not recorded',
} as const

function describeWhatHappened(found: HistoryChange): string {
  switch (found.what) {
    case 'edited':
      return editDescriptions[found.change]
    case 'renamed':
      return `renamed to ${found.to}`
    case 'deleted':
      return 'not in this build'
    case 'reordered':
      return `recorded after ${found.after}`
    case 'out of order':
      return `pending, and comes before ${found.before}`
  }
}

/** Recorded revisions by their names in this build. */
export function applyRenames(
  recorded: readonly string[],
  changed: readonly HistoryChange[],
): readonly string[] {
  const names = new Map(
    changed.flatMap((found) => (found.what === 'renamed' ? [[found.revision, found.to] as const] : [])),
  )
  return recorded.map((revision) => names.get(revision) ?? revision)
}

const recordingEvents = new Set(['applied', 'stamped', 'repaired'])

function recordedTextOf(revision: string, { recorded }: MigrationTexts): RecordedMigrationText | null {
  const text = recorded.get(revision)
  return text !== undefined && text.checksum !== null && recordingEvents.has(text.event) ? text : null
}

function findRenamed(
  build: readonly string[],
  recorded: readonly string[],
  texts: MigrationTexts,
): readonly HistoryChange[] {
  const [known, applied] = [new Set(build), new Set(recorded)]
  const pending = texts.sources.filter(({ revision }) => !applied.has(revision))
  return recorded
    .filter((revision) => !known.has(revision))
    .flatMap((revision) => {
      const checksum = recordedTextOf(revision, texts)?.checksum
      const index = pending.findIndex((source) => checksum !== undefined && source.checksum === checksum)
      // A file is the new name of at most one recorded revision.
      const [source] = index === -1 ? [] : pending.splice(index, 1)
      if (source === undefined) return []
      const to = source.revision
      return [{ what: 'renamed' as const, revision, to, remedy: texts.renameStatement(revision, to) }]
    })
}

/** Only texts of files with the same name are compared: a `.js` that was built from a `.ts` has a different text. */
function findEdited(recorded: readonly string[], texts: MigrationTexts): readonly HistoryChange[] {
  const applied = new Set(recorded)
  return texts.sources.flatMap(({ revision, file, checksum }) => {
    const text = applied.has(revision) ? recordedTextOf(revision, texts) : null
    if (text === null || checksum === null || text.detail.file !== file || text.checksum === checksum)
      return []
    const change = compareChange(text.detail, texts.promisedChangeOf(revision))
    return [{ what: 'edited' as const, revision, change }]
  })
}

/** The same catalog may be printed differently by other major versions, and in other formats of the snapshot. */
function compareChange(
  was: RecordedMigrationText['detail'],
  is: PromisedChange | null,
): 'same' | 'another' | 'unknown' {
  if (is === null || was.changes === undefined || was.postgres !== is.postgres) return 'unknown'
  if (was.changes === is.changes) return 'same'
  return formatOf(was.changes) === formatOf(is.changes) ? 'another' : 'unknown'
}

function formatOf(changes: string): string {
  return changes.slice(0, changes.indexOf(':'))
}

function findDeletedAndReordered(
  build: readonly string[],
  order: readonly string[],
): readonly HistoryChange[] {
  const positions = new Map(build.map((revision, index) => [revision, index]))
  const newest = order.findLastIndex((revision) => positions.has(revision))
  let last = -1
  return order.slice(0, newest + 1).flatMap((revision): readonly HistoryChange[] => {
    const position = positions.get(revision)
    if (position === undefined) return [{ what: 'deleted', revision }]
    const after = build[last]
    if (after !== undefined && position < last) return [{ what: 'reordered', revision, after }]
    last = position
    return []
  })
}

function findOutOfOrder(build: readonly string[], order: readonly string[]): readonly HistoryChange[] {
  const applied = new Set(order)
  const newest = build.findLastIndex((revision) => applied.has(revision))
  const before = build[newest]
  if (before === undefined) return []
  return build
    .slice(0, newest)
    .filter((revision) => !applied.has(revision))
    .map((revision) => ({ what: 'out of order', revision, before }))
}
