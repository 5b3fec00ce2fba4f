import { type Catalog, parseKey } from '../model/catalog.js'
import type { Difference } from '../model/diff.js'
import { compareInScope, defaultScope, type Scope } from '../model/scope.js'
import { promisedCatalogAt, type Snapshot, fullCatalogAt } from '../model/snapshot.js'
import { shortenList } from '../text/format.js'

/**
 * How far a revision that is not recorded came, by the objects it changes: `done` are as promised after it, `invalid` are
 * there and not valid, which is what a concurrent build leaves that did not end, `open` are not as promised.
 */
export type Completion =
  | { readonly kind: 'unknown'; readonly why: string }
  | {
      readonly kind: 'unapplied' | 'partial' | 'applied'
      readonly done: readonly string[]
      readonly invalid: readonly string[]
      readonly open: readonly string[]
    }

/** What is known of a database. */
export interface CompletionInput {
  readonly snapshot: Snapshot | null
  /** The revisions recorded. */
  readonly recorded: readonly string[]
  readonly live: Catalog
  readonly scope?: Scope
}

/** What a revision changes of the promise at the recorded ones, and where the live catalog differs from that. */
export interface RemainingChanges {
  readonly keys: readonly string[]
  readonly differences: readonly Difference[]
}

/**
 * Null where nothing is known of the revision. An object that is promised to be the same with and without the revision
 * says nothing of it: another pending revision makes what this one takes away.
 */
export function findRemainingChanges(revision: string, bearings: CompletionInput): RemainingChanges | null {
  const { snapshot, recorded, live, scope = defaultScope } = bearings
  const changes = snapshot?.revisions.find((entry) => entry.revision === revision)?.changes
  if (snapshot === null || changes === undefined) return null
  const after = promisedCatalogAt(snapshot, [...recorded, revision])
  const before = fullCatalogAt(snapshot, recorded)
  const telling = compareInScope(after, before, scope, Object.keys(changes)).differences
  const keys = telling.map(({ key }) => key)
  return { keys, differences: compareInScope(after, live, scope, keys).differences }
}

/** How far a revision came. The live catalog has to be in the promised words wherever they mean the same. */
export function assessCompletion(revision: string, bearings: CompletionInput): Completion {
  const remainder = findRemainingChanges(revision, bearings)
  if (remainder === null) {
    const why = bearings.snapshot === null ? 'there is no snapshot' : 'the snapshot does not have it'
    return { kind: 'unknown', why }
  }
  const { keys, differences } = remainder
  if (keys.length === 0) return { kind: 'unknown', why: 'it changes nothing in the catalog' }
  const invalid = differences.filter(isInvalid).map(({ key }) => key)
  const differing = new Set(differences.map(({ key }) => key))
  const done = keys.filter((key) => !differing.has(key))
  const open = keys.filter((key) => differing.has(key) && !invalid.includes(key))
  const isNothing = done.length + invalid.length === 0
  const kind = differing.size === 0 ? 'applied' : isNothing ? 'unapplied' : 'partial'
  return { kind, done, invalid, open }
}

/** Whether an object is there, was promised to be valid, and is not. */
export function isInvalid(difference: Difference): boolean {
  return (
    difference.change === 'changed' &&
    difference.expected['valid'] !== false &&
    difference.actual['valid'] === false
  )
}

/** The invalid indexes among what a revision left. */
export function invalidIndexes(standing: Completion): readonly string[] {
  return standing.kind === 'unknown' ? [] : standing.invalid.filter((key) => parseKey(key).kind === 'index')
}

/** `applied in part`: a standing in a few words. */
export function summarizeCompletion(standing: Completion): string {
  switch (standing.kind) {
    case 'unknown':
      return `how far it came cannot be told: ${standing.why}`
    case 'unapplied':
      return 'not applied'
    case 'applied':
      return 'applied in full, but not recorded'
    case 'partial':
      return leftOnlyInvalidIndexes(standing) ? 'left an invalid index behind' : 'applied in part'
  }
}

function leftOnlyInvalidIndexes(standing: Exclude<Completion, { kind: 'unknown' }>): boolean {
  const { done, open, invalid } = standing
  return done.length + open.length === 0 && invalidIndexes(standing).length === invalid.length
}

/** A standing as lines: its name, and for a part which objects are there and which are not. */
export function describeCompletion(standing: Completion): readonly string[] {
  if (standing.kind !== 'partial') return [summarizeCompletion(standing)]
  const { done, invalid, open } = standing
  return [
    summarizeCompletion(standing),
    ...labelledLines('done', done),
    ...labelledLines('not valid', invalid),
    ...labelledLines('not done', open),
  ]
}

function labelledLines(label: string, keys: readonly string[]): readonly string[] {
  return shortenList(keys).map((key, index) => `  ${(index === 0 ? label : '').padEnd(11)}${key}`)
}
