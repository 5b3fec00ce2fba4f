import type { Facts } from '../core/model/catalog.js'
import type { SnapshotRevision } from '../core/model/snapshot.js'
import { isRecord } from '../core/text/is-record.js'
import type { Steps } from '../core/text/steps.js'
import { isChanges, isRevision } from './shape.js'

/** The JSON of a snapshot. */
export interface ParsedSnapshot {
  /** What is beside its revisions. */
  readonly around: unknown
  /** Null where one of them is none. */
  readonly revisions: readonly SnapshotRevision[] | null
}

/** How much text is parsed in one step: about a millisecond. */
const textPerStep = 1 << 16

/** A list of JSON that has its items on lines of their own. */
interface ListLayout {
  /** The line before its first item. */
  readonly opening: string
  /** What follows the last. */
  readonly closing: string
  /** A comma between two items, and how the next begins. */
  readonly separator: string
}

// As `formatSnapshot` lays them out.
const revisionList: ListLayout = {
  opening: '\n  "revisions": [\n',
  closing: '\n  ]\n}',
  separator: ',\n    {\n',
}
const changeList: ListLayout = {
  opening: '\n      "changes": {\n',
  closing: '\n      }',
  separator: ',\n        "',
}

/**
 * Parses the JSON of a snapshot in steps, where it is laid out as it was written: texts in JSON have no line breaks, so where
 * all parts of a list can be parsed, the whole is these parts. Any other layout is parsed in one step. Throws what JSON.parse
 * throws.
 */
export function* parseInSteps(text: string): Steps<ParsedSnapshot> {
  const list = findList(text, revisionList)
  if (list === null) return parseAtOnce(text)
  try {
    const around: unknown = JSON.parse(list.around)
    return { around, revisions: yield* readRevisions(list.items) }
  } catch (error) {
    // The error of the whole text names the right place.
    if (error instanceof SyntaxError) return parseAtOnce(text)
    throw error
  }
}

function parseAtOnce(text: string): ParsedSnapshot {
  const around: unknown = JSON.parse(text)
  return { around, revisions: isRecord(around) ? revisionsIn(around['revisions']) : null }
}

function revisionsIn(value: unknown): readonly SnapshotRevision[] | null {
  return Array.isArray(value) && value.every(isRevision) ? value : null
}

function* readRevisions(items: string): Steps<readonly SnapshotRevision[] | null> {
  const revisions: SnapshotRevision[] = []
  for (const part of cut(items, revisionList, textPerStep)) {
    yield
    const found =
      part.length > 4 * textPerStep ? yield* readLarge(part) : revisionsIn(JSON.parse(`[${part}]`))
    if (found === null) return null
    revisions.push(...found)
  }
  return revisions
}

/** A revision may be as large as a whole schema. */
function* readLarge(part: string): Steps<readonly SnapshotRevision[] | null> {
  const revisions: SnapshotRevision[] = []
  for (const block of cut(part, revisionList, 0)) {
    const revision = yield* readRevision(block)
    if (revision === null) return null
    revisions.push(revision)
  }
  return revisions
}

function* readRevision(block: string): Steps<SnapshotRevision | null> {
  const list = findList(block, changeList)
  const revision: unknown = JSON.parse(list?.around ?? block)
  if (!isRevision(revision)) return null
  if (list === null) return revision
  const changes: Record<string, Facts | null> = {}
  for (const part of cut(list.items, changeList, textPerStep)) {
    yield
    const found: unknown = JSON.parse(`{${part}}`)
    if (!isChanges(found)) return null
    Object.assign(changes, found)
  }
  return { ...revision, changes }
}

/** The items of a list, and the text without them; null where there is no such list. */
function findList(
  text: string,
  { opening, closing }: ListLayout,
): { readonly items: string; readonly around: string } | null {
  const opened = text.indexOf(opening)
  const start = opened + opening.length
  const end = text.indexOf(closing, start)
  return opened === -1 || end === -1
    ? null
    : { items: text.slice(start, end), around: text.slice(0, start) + text.slice(end) }
}

/** Cuts a list between two items, into parts that are hardly longer than `length`. */
function* cut(text: string, { separator }: ListLayout, length: number): Generator<string> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf(separator, start + length)
    const end = found === -1 ? text.length : found
    yield text.slice(start, end)
    start = end + 1
  }
}
