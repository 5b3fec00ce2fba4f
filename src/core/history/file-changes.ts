import type { MigrationChecksum } from '../model/snapshot-staleness.js'

/** What happened to a migrations folder since its revisions were recorded. */
export type HistoryChange =
  /** Applied, and its text is another now; `unknown` where it was not recorded what it changed then. */
  | { readonly what: 'edited'; readonly revision: string; readonly change: 'same' | 'another' | 'unknown' }
  /** Recorded under a name this build does not have, with the text of one that is pending. */
  | { readonly what: 'renamed'; readonly revision: string; readonly to: string; readonly remedy: string }
  /** Recorded before others of this build, which does not have it. */
  | { readonly what: 'deleted'; readonly revision: string }
  /** Recorded after one that comes later in this build. */
  | { readonly what: 'reordered'; readonly revision: string; readonly after: string }
  /** Pending, and before one in this build that is applied. */
  | { readonly what: 'out of order'; readonly revision: string; readonly before: string }

/** The catalog change that is promised of a revision, and the PostgreSQL major whose words it is in. */
export interface PromisedChange {
  /** The format of the snapshot, a colon, a hash. */
  readonly changes: string
  readonly postgres: number
}

/** What is on record of the text a revision had. */
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

export interface HistoryInput {
  /** The revisions of this build, in order. */
  readonly build: readonly string[]
  /** Those the ledger has, in the order they were recorded. */
  readonly recorded: readonly string[]
  /** Null where nothing is known of them: then none is found edited or renamed. */
  readonly texts: MigrationTexts | null
}

/** What happened to the folder, by comparing what is recorded with what this build has. */
export function findHistoryChanges({ build, recorded, texts }: HistoryInput): readonly HistoryChange[] {
  const changed =
    texts === null ? [] : [...findRenamed({ build, recorded }, texts), ...findEdited(recorded, texts)]
  const order = applyRenames(recorded, changed)
  return [...changed, ...findDeletedAndReordered(build, order), ...findOutOfOrder(build, order)]
}

/** One line on a change: the revision, and what happened to it. */
export function describeHistoryChange(found: HistoryChange): string {
  return `${found.revision}  ${describeWhatHappened(found)}`
}

const editDescriptions = {
  same: 'edited, with the same change to the catalog',
  another: 'edited, with another change to the catalog',
  unknown: 'edited; what it changed then is not on record',
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

/** Recorded revisions by the names that this build has for them. */
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
  { build, recorded }: Omit<HistoryInput, 'texts'>,
  texts: MigrationTexts,
): readonly HistoryChange[] {
  const [known, done] = [new Set(build), new Set(recorded)]
  const pending = texts.sources.filter(({ revision }) => !done.has(revision))
  return recorded
    .filter((revision) => !known.has(revision))
    .flatMap((revision) => {
      const checksum = recordedTextOf(revision, texts)?.checksum
      const index = pending.findIndex((source) => checksum !== undefined && source.checksum === checksum)
      // One that was found is nobody else's.
      const [source] = index === -1 ? [] : pending.splice(index, 1)
      if (source === undefined) return []
      const to = source.revision
      return [{ what: 'renamed' as const, revision, to, remedy: texts.renameStatement(revision, to) }]
    })
}

/** Texts of files that are called differently are not compared: a `.js` built from a `.ts` has another. */
function findEdited(recorded: readonly string[], texts: MigrationTexts): readonly HistoryChange[] {
  const done = new Set(recorded)
  return texts.sources.flatMap(({ revision, file, checksum }) => {
    const text = done.has(revision) ? recordedTextOf(revision, texts) : null
    if (text === null || checksum === null || text.detail.file !== file || text.checksum === checksum)
      return []
    const change = compareChange(text.detail, texts.promisedChangeOf(revision))
    return [{ what: 'edited' as const, revision, change }]
  })
}

/** The words for one and the same catalog may differ between major versions, and between formats of the snapshot. */
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
  const places = new Map(build.map((revision, index) => [revision, index]))
  const newest = order.findLastIndex((revision) => places.has(revision))
  let last = -1
  return order.slice(0, newest + 1).flatMap((revision): readonly HistoryChange[] => {
    const place = places.get(revision)
    if (place === undefined) return [{ what: 'deleted', revision }]
    const after = build[last]
    if (after !== undefined && place < last) return [{ what: 'reordered', revision, after }]
    last = place
    return []
  })
}

function findOutOfOrder(build: readonly string[], order: readonly string[]): readonly HistoryChange[] {
  const done = new Set(order)
  const newest = build.findLastIndex((revision) => done.has(revision))
  const before = build[newest]
  if (before === undefined) return []
  return build
    .slice(0, newest)
    .filter((revision) => !done.has(revision))
    .map((revision) => ({ what: 'out of order', revision, before }))
}
