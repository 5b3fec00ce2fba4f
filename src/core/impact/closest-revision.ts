import { type Catalog, type Facts, relationKeysOf } from '../model/catalog.js'
import type { UndeterminedFacts } from '../model/diff.js'
import { compareInScope, type Scope, splitIgnored, limitToScope } from '../model/scope.js'
import { type Changes, diffKeysAgainstPromise, pickKeys, type Snapshot } from '../model/snapshot.js'
import { assessImpact, type Impact, impacts } from './assess-impact.js'

/** How far a database is from what is promised at a revision. */
export interface RevisionDistance {
  readonly revision: string
  readonly differences: number
  /** The differences by what they do to code built for that revision. */
  readonly counts: Readonly<Record<Impact, number>>
}

/** A snapshot, and a database of unknown revision. */
export interface RevisionSearch {
  readonly snapshot: Snapshot
  readonly live: Catalog
  readonly scope: Scope
}

/** Promised objects, each at most once, that the database has with other facts. */
export interface CanonicalizeBatch {
  readonly expected: Catalog
  readonly undetermined: UndeterminedFacts
}

/** The live object in the words of a promised one, by the latter's facts in the snapshot. */
export type CanonicalizedFacts = ReadonlyMap<Facts, Facts>

const impactWeights: Readonly<Record<Impact, number>> = { breaks: 4, weakens: 3, slows: 2, harmless: 1 }

/**
 * All that some revision promised and the database has otherwise, which may be no more than other words. An object that
 * several revisions changed is in as many of the wordings.
 */
export function collectCanonicalizeBatches({
  snapshot,
  live,
  scope,
}: RevisionSearch): readonly CanonicalizeBatch[] {
  const wordings: { expected: Record<string, Facts>; undetermined: Record<string, readonly string[]> }[] = []
  const seen = new Map<string, number>()
  for (const { changes, undetermined = {} } of snapshot.revisions) {
    const promised = { catalog: objectsAfter(changes), undetermined, tolerated: new Set<string>() }
    const { differences } = compareInScope(promised, pickKeys(live, Object.keys(changes)), { scope })
    for (const { change, key } of differences) {
      const facts = changes[key]
      if (change !== 'changed' || !facts) continue
      const nth = seen.get(key) ?? 0
      seen.set(key, nth + 1)
      const wording = (wordings[nth] ??= { expected: {}, undetermined: {} })
      wording.expected[key] = facts
      if (undetermined[key] !== undefined) wording.undetermined[key] = undetermined[key]
    }
  }
  return wordings
}

/**
 * How far the database is from each revision of the snapshot, in the snapshot's order. Linear in the live objects and the
 * changes of all revisions: from one revision to the next only what it changes is judged anew.
 */
export function measureDistances(
  unplaced: RevisionSearch,
  worded: CanonicalizedFacts = new Map(),
): readonly RevisionDistance[] {
  const { snapshot, scope } = unplaced
  const live = limitToScope(unplaced.live, scope)
  const state = initialSearchState(unplaced, live)
  return snapshot.revisions.map(({ revision, changes, undetermined = {} }) => {
    const promised = limitToScope(objectsAfter(changes), scope)
    for (const [key, facts] of Object.entries(changes)) {
      state.tolerated.delete(key)
      setOrDelete(state.expected, key, promised[key])
      setOrDelete(state.undetermined, key, undetermined[key])
      const words = facts === null ? undefined : worded.get(facts)
      setOrDelete(
        state.actual,
        key,
        words === undefined ? live[key] : limitToScope({ [key]: words }, scope)[key],
      )
    }
    const changed = Object.keys(changes)
    updateDifferences(state, [...changed, ...changed.flatMap((key) => state.childKeys.get(key) ?? [])])
    return { revision, differences: state.found.size, counts: countImpacts(state.found.values()) }
  })
}

/** Fits from the best to the worst: the fewest differences, weighted by impact; of equals the newest revision first. */
export function rankByDistance(fits: readonly RevisionDistance[]): readonly RevisionDistance[] {
  return fits.toReversed().toSorted((one, other) => weightedDistance(one) - weightedDistance(other))
}

interface SearchState {
  readonly scope: Scope
  readonly expected: Record<string, Facts>
  readonly actual: Record<string, Facts>
  readonly undetermined: Record<string, readonly string[]>
  readonly tolerated: Set<string>
  /** What there is of each relation, by what kind it may be: it is judged by whether the relation is promised. */
  readonly childKeys: ReadonlyMap<string, readonly string[]>
  readonly found: Map<string, Impact>
}

/** Before the first revision nothing is promised. */
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
  const parts = new Map<string, string[]>()
  for (const key of Object.keys(live))
    for (const relation of relationKeysOf(key)) {
      const known = parts.get(relation)
      if (known === undefined) parts.set(relation, [key])
      else known.push(key)
    }
  return parts
}

function updateDifferences(state: SearchState, keys: readonly string[]): void {
  const { scope, expected, actual, undetermined, tolerated, found } = state
  const judged = keys.filter((key) => !tolerated.has(key))
  for (const key of judged) found.delete(key)
  const differences = diffKeysAgainstPromise({ catalog: expected, undetermined, tolerated }, actual, judged)
  for (const difference of splitIgnored(differences, { scope, expected, actual }).differences)
    found.set(difference.key, assessImpact(difference, expected).impact)
}

function countImpacts(found: Iterable<Impact>): Readonly<Record<Impact, number>> {
  const counts = { breaks: 0, weakens: 0, slows: 0, harmless: 0 }
  for (const impact of found) counts[impact]++
  return counts
}

function weightedDistance({ counts }: RevisionDistance): number {
  return impacts.reduce((sum, impact) => sum + impactWeights[impact] * counts[impact], 0)
}

/** The objects that are there after a revision. */
function objectsAfter(changes: Changes): Catalog {
  const left: Record<string, Facts> = {}
  for (const [key, facts] of Object.entries(changes)) if (facts !== null) left[key] = facts
  return left
}

function setOrDelete<T>(record: Record<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) delete record[key]
  else record[key] = value
}
