import { assessImpact, type Finding } from '../impact/assess-impact.js'
import { type Catalog, countByKind, keysOf, oncePerCatalog, withListedKeys } from '../model/catalog.js'
import {
  compareInSteps,
  defaultScope,
  type IgnoredDifferences,
  limitToScopeInSteps,
  type Scope,
} from '../model/scope.js'
import { foldInSteps, type PromisedCatalog, type Snapshot } from '../model/snapshot.js'
import { forEachInSteps, type Steps } from '../text/steps.js'
import { extensionNotes } from './notes.js'

/** The live catalog compared with the promise at the current revision, or why it could not be compared. */
export type Verification =
  | {
      readonly status: 'unverified'
      readonly why: string
      /** The folders in which a snapshot was looked for. */
      readonly folders?: readonly string[]
    }
  | {
      readonly status: 'verified'
      readonly findings: readonly Finding[]
      /** The differences that are intended, by the pattern that says so. */
      readonly ignored: readonly IgnoredDifferences[]
      /** How many promised objects of each kind were compared. */
      readonly compared: Readonly<Record<string, number>>
      /** What is no difference, and worth telling. */
      readonly notes: readonly string[]
    }

/** A live catalog, and what it is compared with. */
export interface ComparedCatalogs {
  readonly live: Catalog
  readonly snapshot: Snapshot | null
  /** Where it was looked for. */
  readonly snapshotFolders?: readonly string[]
  /** What is compared. Default: everything but comments and grants. */
  readonly scope?: Scope
  /** By object key, why the server could not say whether two definitions mean the same. */
  readonly canonicalizeFailures?: Readonly<Record<string, string>>
  /** What was found and is no difference. */
  readonly notes?: readonly string[]
}

/** Compares the live catalog with what the snapshot promises at some revisions, in steps. */
export function* verifyInSteps(
  { snapshot, snapshotFolders: folders = [], live, ...options }: ComparedCatalogs,
  revisions: readonly string[],
): Steps<Verification> {
  const { scope = defaultScope, canonicalizeFailures = {}, notes = [] } = options
  if (snapshot === null) return { status: 'unverified', why: 'there is no snapshot', folders }
  const promised = yield* promiseInScope(snapshot, revisions, scope)
  const { expected, differences, ignored } = yield* compareInSteps(promised, live, scope)
  const findings: Finding[] = []
  yield* forEachInSteps(differences, (difference) => {
    const finding = assessImpact(difference, expected, live)
    const why = canonicalizeFailures[difference.key]
    findings.push(why === undefined ? finding : { ...finding, reason: `${finding.reason}; ${why}` })
  })
  const { catalog } = yield* promiseInScope(snapshot.original ?? snapshot, revisions, scope)
  return {
    status: 'verified',
    findings,
    ignored,
    compared: countPromised(expected),
    notes: [...extensionNotes(catalog, live), ...notes],
  }
}

const countPromised = oncePerCatalog((catalog) => countByKind(keysOf(catalog)))

/** The last promise of each snapshot. Every check needs it, and the revisions seldom change. */
const promises = new WeakMap<Snapshot, { readonly at: string; readonly promised: PromisedCatalog }>()

/** What a snapshot promises at some revisions, without what is out of the scope. It is remembered: the same facts each time. */
export function* promiseInScope(
  snapshot: Snapshot,
  revisions: readonly string[],
  { comments, grants }: Scope,
): Steps<PromisedCatalog> {
  const at = JSON.stringify([comments, grants, revisions])
  const known = promises.get(snapshot)
  if (known?.at === at) return known.promised
  const folded = yield* foldInSteps(snapshot, revisions)
  const catalog = yield* limitToScopeInSteps(withListedKeys(folded.catalog), { comments, grants })
  const promised = { ...folded, catalog }
  promises.set(snapshot, { at, promised })
  return promised
}
