import { compareTypes } from '../impact/type-change.js'
import { parseKey } from '../model/catalog.js'
import { changesOf, promisedCatalogAt, revisionsOf, type Snapshot } from '../model/snapshot.js'

/** Kinds of objects that hold values. */
const kindsWithValues = new Set(['table', 'column', 'materialized_view', 'sequence'])

/**
 * The objects whose values the first revision of a list that loses any may lose, by what the snapshot says it changes: dropped
 * tables and columns, and columns whose new type does not hold all values of the old one. Null where none loses any. A
 * revision that the snapshot lacks may lose anything.
 */
export function findDestructiveRevision(
  snapshot: Snapshot | null,
  pending: readonly string[],
): { readonly revision: string; readonly lost: readonly string[] } | null {
  for (const revision of pending) {
    const change = snapshot === null ? null : changesOf(snapshot, revision)
    if (snapshot === null || change === null) return { revision, lost: [] }
    const lost = lostObjects(snapshot, revision, Object.entries(change.changes))
    if (lost.length > 0) return { revision, lost }
  }
  return null
}

function lostObjects(
  snapshot: Snapshot,
  revision: string,
  changes: readonly (readonly [key: string, facts: Readonly<Record<string, unknown>> | null])[],
): readonly string[] {
  const candidates = changes.filter(([key]) => kindsWithValues.has(parseKey(key).kind))
  if (candidates.length === 0) return []
  const revisions = revisionsOf(snapshot)
  const { catalog } = promisedCatalogAt(snapshot, revisions.slice(0, revisions.indexOf(revision)))
  return candidates
    .filter(([key, facts]) => {
      const before = catalog[key]
      return before !== undefined && (facts === null || isNarrower(before['type'], facts['type']))
    })
    .map(([key]) => key)
}

function isNarrower(from: unknown, to: unknown): boolean {
  return (
    typeof from === 'string' && typeof to === 'string' && from !== to && compareTypes(from, to) === 'other'
  )
}
