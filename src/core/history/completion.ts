import { type Catalog, parseKey } from '../model/catalog.js'
import type { Difference } from '../model/diff.js'
import { compareInScope, defaultScope, type Scope } from '../model/scope.js'
import { promisedCatalogAt, type Snapshot, fullCatalogAt } from '../model/snapshot.js'
import { shortenList } from '../text/format.js'
import type { Completion } from './completion-result.js'

/** What was read from a database. */
export interface CompletionInput {
  readonly snapshot: Snapshot | null
  /** The recorded revisions. */
  readonly recorded: readonly string[]
  readonly live: Catalog
  readonly scope?: Scope
}

/**
 * The keys of the objects that a revision changes compared with the recorded revisions, and those of them that the database
 * does not have as promised. An object that is promised to be the same with and without the revision is left out, such as
 * one that it drops and that only a pending revision creates. Null if the snapshot lacks the revision.
 */
export function findRemainingChanges(
  revision: string,
  { snapshot, recorded, live, scope = defaultScope }: CompletionInput,
): { readonly keys: readonly string[]; readonly differences: readonly Difference[] } | null {
  const changes = snapshot?.revisions.find((entry) => entry.revision === revision)?.changes
  if (snapshot === null || changes === undefined) return null
  const after = promisedCatalogAt(snapshot, [...recorded, revision])
  const before = fullCatalogAt(snapshot, recorded)
  const changed = compareInScope(after, before, scope, Object.keys(changes)).differences
  const keys = changed.map(({ key }) => key)
  return { keys, differences: compareInScope(after, live, scope, keys).differences }
}

/** How much of a revision is in the database. Definitions of the live catalog must be canonicalized to the promised ones. */
export function assessCompletion(revision: string, input: CompletionInput): Completion {
  const remaining = findRemainingChanges(revision, input)
  if (remaining === null) {
    const why = input.snapshot === null ? 'there is no snapshot' : 'the snapshot does not have it'
    return { kind: 'unknown', why }
  }
  const { keys, differences } = remaining
  if (keys.length === 0) return { kind: 'unknown', why: 'it changes nothing in the catalog' }
  const invalid = differences.filter(isInvalid).map(({ key }) => key)
  const differing = new Set(differences.map(({ key }) => key))
  const done = keys.filter((key) => !differing.has(key))
  const open = keys.filter((key) => differing.has(key) && !invalid.includes(key))
  const hasNone = done.length + invalid.length === 0
  const kind = differing.size === 0 ? 'applied' : hasNone ? 'unapplied' : 'partial'
  return { kind, done, invalid, open }
}

/** Whether an object exists and is invalid although it was promised to be valid. */
export function isInvalid(difference: Difference): boolean {
  return (
    difference.change === 'changed' &&
    difference.expected['valid'] !== false &&
    difference.actual['valid'] === false
  )
}

/** The keys of the invalid indexes that a revision left. */
export function invalidIndexes(completion: Completion): readonly string[] {
  return completion.kind === 'unknown'
    ? []
    : completion.invalid.filter((key) => parseKey(key).kind === 'index')
}

/** A completion in a few words: `applied in part`. */
export function summarizeCompletion(completion: Completion): string {
  switch (completion.kind) {
    case 'unknown':
      return `how far it got is unknown: ${completion.why}`
    case 'unapplied':
      return 'not applied'
    case 'applied':
      return 'applied in full, but not recorded'
    case 'partial':
      return hasOnlyInvalidIndexes(completion) ? 'left an invalid index behind' : 'applied in part'
  }
}

function hasOnlyInvalidIndexes(completion: Exclude<Completion, { kind: 'unknown' }>): boolean {
  const { done, open, invalid } = completion
  return done.length + open.length === 0 && invalidIndexes(completion).length === invalid.length
}

/** A completion as lines: the summary, and if it is partial which objects are as promised and which are not. */
export function describeCompletion(completion: Completion): readonly string[] {
  if (completion.kind !== 'partial') return [summarizeCompletion(completion)]
  const { done, invalid, open } = completion
  return [
    summarizeCompletion(completion),
    ...labelledLines('done', done),
    ...labelledLines('not valid', invalid),
    ...labelledLines('not done', open),
  ]
}

function labelledLines(label: string, keys: readonly string[]): readonly string[] {
  return shortenList(keys).map((key, index) => `  ${(index === 0 ? label : '').padEnd(11)}${key}`)
}
