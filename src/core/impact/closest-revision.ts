import { type Catalog, type Facts, relationKeysOf } from '../model/catalog.js'
import type { UndeterminedFacts } from '../model/diff.js'
import { compareInScope, type Scope, splitIgnored, limitToScope } from '../model/scope.js'
import { type Changes, diffKeysAgainstPromise, pickKeys, type Snapshot } from '../model/snapshot.js'
import { assessImpact, type Impact, impacts } from './assess-impact.js'

/** How far a database is from what the snapshot promises at a revision. */
export interface RevisionDistance {
  readonly revision: string
  readonly differences: number
  /** The differences by their impact on code built for that revision. */
  readonly counts: Readonly<Record<Impact, number>>
}

/** A database of unknown revision, and the snapshot to find the revision in. */
export interface RevisionSearch {
  readonly snapshot: Snapshot
  readonly live: Catalog
  readonly scope: Scope
}

/** Promised objects, each at most once, that the database has with different facts. */
export interface CanonicalizeBatch {
  readonly expected: Catalog
  readonly undetermined: UndeterminedFacts
}

/** The facts of a live object as PostgreSQL prints them in the promised form, by the promised facts in the snapshot. */
export type CanonicalizedFacts = ReadonlyMap<Facts, Facts>

const impactWeights: Readonly<Record<Impact, number>> = { breaks: 4, weakens: 3, slows: 2, harmless: 1 }

/**
 * Everything that some revision promised and that the database has with different facts, which may be the same definition
 * printed differently. A batch holds each object once, so an object that three revisions changed is in three batches.
 */
export function collectCanonicalizeBatches(search: RevisionSearch): readonly CanonicalizeBatch[] {
  const { snapshot, live, scope } = search
  const batches: { expected: Record<string, Facts>; undetermined: Record<string, readonly string[]> }[] = []
  const batchCounts = new Map<string, number>()
  for (const { changes, undetermined = {} } of snapshot.revisions) {
    const promised = { catalog: objectsAfter(changes), undetermined, tolerated: new Set<string>() }
    const { differences } = compareInScope(promised, pickKeys(live, Object.keys(changes)), scope)
    for (const { change, key } of differences) {
      const facts = changes[key]
      if (change !== 'changed' || !facts) continue
      const count = batchCounts.get(key) ?? 0
      batchCounts.set(key, count + 1)
      const batch = (batches[count] ??= { expected: {}, undetermined: {} })
      batch.expected[key] = facts
      if (undetermined[key] !== undefined) batch.undetermined[key] = undetermined[key]
    }
  }
  return batches
}

/**
 * How far the database is from each revision of the snapshot, in the snapshot's order. Linear in the live objects and the
 * changes of all revisions: each revision compares only the objects that it changes.
 */
export function measureDistances(
  search: RevisionSearch,
  canonicalized: CanonicalizedFacts = new Map(),
): readonly RevisionDistance[] {
  const { snapshot, scope } = search
  const live = limitToScope(search.live, scope)
  const state = initialSearchState(search, live)
  return snapshot.revisions.map(({ revision, changes, undetermined = {} }) => {
    const promised = limitToScope(objectsAfter(changes), scope)
    for (const [key, facts] of Object.entries(changes)) {
      state.tolerated.delete(key)
      setOrDelete(state.expected, key, promised[key])
      setOrDelete(state.undetermined, key, undetermined[key])
      const printed = facts === null ? undefined : canonicalized.get(facts)
      const actual = printed === undefined ? live : limitToScope({ [key]: printed }, scope)
      setOrDelete(state.actual, key, actual[key])
    }
    const changed = Object.keys(changes)
    updateDifferences(state, [...changed, ...changed.flatMap((key) => state.childKeys.get(key) ?? [])])
    return { revision, differences: state.found.size, counts: countImpacts(state.found.values()) }
  })
}

/** The closest revision first: the fewest differences, weighted by impact; of equal ones the newest. */
export function rankByDistance(distances: readonly RevisionDistance[]): readonly RevisionDistance[] {
  return distances.toReversed().toSorted((one, other) => weightedDistance(one) - weightedDistance(other))
}

interface SearchState {
  readonly scope: Scope
  readonly expected: Record<string, Facts>
  readonly actual: Record<string, Facts>
  readonly undetermined: Record<string, readonly string[]>
  readonly tolerated: Set<string>
  /** The live objects of each relation. Their impact depends on whether a revision promises the relation. */
  readonly childKeys: ReadonlyMap<string, readonly string[]>
  readonly found: Map<string, Impact>
}

/** The state before the first revision, where nothing is promised. */
function initialSearchState({ snapshot, scope }: RevisionSearch, live: Catalog): SearchState {
  const state: SearchState = {
    scope,
    expected: {},
    actual: { ...live },
    undetermined: {},
    tolerated: new Set(Object.keys(snapshot.base)),
    childKeys: childKeysByRelation(live),
    found: new Map(),
  }
  updateDifferences(state, Object.keys(live))
  return state
}

function childKeysByRelation(live: Catalog): SearchState['childKeys'] {
  const children = new Map<string, string[]>()
  for (const key of Object.keys(live))
    for (const relation of relationKeysOf(key)) {
      const known = children.get(relation)
      if (known === undefined) children.set(relation, [key])
      else known.push(key)
    }
  return children
}

function updateDifferences(state: SearchState, keys: readonly string[]): void {
  const { scope, expected, actual, undetermined, tolerated, found } = state
  const compared = keys.filter((key) => !tolerated.has(key))
  for (const key of compared) found.delete(key)
  const differences = diffKeysAgainstPromise({ catalog: expected, undetermined, tolerated }, actual, compared)
  for (const difference of splitIgnored(differences, scope, expected, actual).differences)
    found.set(difference.key, assessImpact(difference, expected, actual).impact)
}

function countImpacts(found: Iterable<Impact>): Readonly<Record<Impact, number>> {
  const counts = { breaks: 0, weakens: 0, slows: 0, harmless: 0 }
  for (const impact of found) counts[impact]++
  return counts
}

function weightedDistance({ counts }: RevisionDistance): number {
  return impacts.reduce((sum, impact) => sum + impactWeights[impact] * counts[impact], 0)
}

/** The changed objects that exist after a revision. */
function objectsAfter(changes: Changes): Catalog {
  const objects: Record<string, Facts> = {}
  for (const [key, facts] of Object.entries(changes)) if (facts !== null) objects[key] = facts
  return objects
}

function setOrDelete<T>(record: Record<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) delete record[key]
  else record[key] = value
}
