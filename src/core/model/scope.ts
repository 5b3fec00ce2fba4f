import {
  type Catalog,
  createCatalogBuilder,
  type Facts,
  keyFromSqlName,
  keysOf,
  parseKey,
  relationKeysOf,
  schemaKeyOf,
} from './catalog.js'
import type { Difference } from './diff.js'
import { matchesKey, type Pattern } from './pattern.js'
import { diffAgainstPromiseInSteps, diffKeysAgainstPromise, type PromisedCatalog } from './snapshot.js'
import { forEachInSteps, finishSteps, type Steps } from '../text/steps.js'

/** A pattern whose objects may differ from the promise, and the reason for it. */
export interface IgnoreRule {
  readonly pattern: Pattern
  readonly reason: string | null
}

/** Which part of the catalog is compared. */
export interface Scope {
  readonly comments: boolean
  /** Owners, grants and default privileges. */
  readonly grants: boolean
  readonly ignore: readonly IgnoreRule[]
}

/** The keys of the objects whose differences a pattern leaves out; empty if none differs. */
export interface IgnoredDifferences {
  readonly pattern: string
  readonly reason: string | null
  readonly objects: readonly string[]
}

export const defaultScope: Scope = { comments: false, grants: false, ignore: [] }

const commentFacts = ['comment', 'columnComments', 'constraintComments', 'indexComment']
const grantFacts = ['owner', 'grants', 'columnGrants']
const grantKind = 'default_privileges:'
const commentKind = 'database_comment:'

type AnnotationScope = Pick<Scope, 'comments' | 'grants'>

/**
 * The catalog without comments and grants unless the scope has them. A catalog without any is returned itself, not copied.
 * Linear in the number of objects.
 */
export function limitToScope(catalog: Catalog, scope: AnnotationScope): Catalog {
  return finishSteps(limitToScopeInSteps(catalog, scope))
}

/** The same in steps. */
export function* limitToScopeInSteps(
  catalog: Catalog,
  { comments, grants }: AnnotationScope,
): Steps<Catalog> {
  const omitted = [...(comments ? [] : commentFacts), ...(grants ? [] : grantFacts)]
  if (omitted.length === 0) return catalog
  const isOmitted = (key: string): boolean =>
    (!grants && key.startsWith(grantKind)) || (!comments && key.startsWith(commentKind))
  const hasOmitted = (facts: Facts): boolean => omitted.some((name) => facts[name] !== undefined)
  const keys = keysOf(catalog)
  let isLimited = true
  yield* forEachInSteps(keys, (key) => {
    isLimited &&= !isOmitted(key) && !hasOmitted(catalog[key] ?? {})
  })
  if (isLimited) return catalog
  const { set, build } = createCatalogBuilder()
  yield* forEachInSteps(keys, (key) => {
    const facts = catalog[key] ?? {}
    if (!isOmitted(key)) set(key, hasOmitted(facts) ? omitFacts(facts, omitted) : facts)
  })
  return build()
}

/** Differences that count, and those that are left out. */
export interface SplitDifferences {
  readonly differences: readonly Difference[]
  readonly ignored: readonly IgnoredDifferences[]
}

/** The same, with the part of the promise that is compared. */
export interface ComparisonInScope extends SplitDifferences {
  readonly expected: Catalog
}

const settingKinds = ['database_setting:', 'role_setting:', commentKind]

/**
 * Whether an object is a setting of a database or a role, or the comment of a database: providers make their own, so only a
 * promised one is compared.
 */
export function isSetting(key: string): boolean {
  return settingKinds.some((kind) => key.startsWith(kind))
}

/** A catalog without the settings that the other does not have: what a database happens to be set to is no wish. */
export function withoutOtherSettings(catalog: Catalog, other: Catalog): Catalog {
  return Object.fromEntries(
    Object.entries(catalog).filter(([key]) => !isSetting(key) || other[key] !== undefined),
  )
}

/**
 * Compares the live catalog with the promise within the scope; with `keys` only those objects. `expected` is the part of
 * the promise that is compared.
 */
export function compareInScope(
  promised: PromisedCatalog,
  live: Catalog,
  scope: Scope,
  keys?: readonly string[],
): ComparisonInScope {
  return finishSteps(compareInSteps(promised, live, scope, keys))
}

/** The same in steps. */
export function* compareInSteps(
  promised: PromisedCatalog,
  live: Catalog,
  scope: Scope,
  keys?: readonly string[],
): Steps<ComparisonInScope> {
  const expected = yield* limitToScopeInSteps(promised.catalog, scope)
  const actual = yield* limitToScopeInSteps(live, scope)
  const compared = { ...promised, catalog: expected }
  const found =
    keys === undefined
      ? yield* diffAgainstPromiseInSteps(compared, actual)
      : diffKeysAgainstPromise(compared, actual, keys)
  const counted = found.filter(({ change, key }) => change !== 'unexpected' || !isSetting(key))
  return { expected, ...splitIgnored(counted, scope, expected, actual) }
}

/**
 * Splits differences into those that count and those that a pattern of the scope leaves out, each by the first pattern that
 * covers it. A pattern covers an object and what belongs to it: the columns of a table and the sequences they own, all
 * objects of a schema.
 */
export function splitIgnored(
  differences: readonly Difference[],
  scope: Scope,
  expected: Catalog,
  actual: Catalog,
): SplitDifferences {
  if (scope.ignore.length === 0) return { differences, ignored: [] }
  const exists = (key: string): boolean => expected[key] !== undefined || actual[key] !== undefined
  const rules = differences.map((difference) => {
    const keys = selfAndOwnerKeys(difference.key, factsOf(difference), exists)
    return scope.ignore.find(({ pattern }) => keys.some((key) => matchesKey(pattern, key)))
  })
  return {
    differences: differences.filter((_, index) => rules[index] === undefined),
    ignored: scope.ignore.map((rule) => ({
      pattern: rule.pattern.text,
      reason: rule.reason,
      objects: differences.filter((_, index) => rules[index] === rule).map(({ key }) => key),
    })),
  }
}

/** The patterns that match no object of any of the catalogs, and are probably misspelled. */
export function unmatchedPatterns({ ignore }: Scope, catalogs: readonly Catalog[]): readonly string[] {
  const keys = catalogs.flatMap((catalog) => Object.keys(catalog))
  return ignore
    .filter(({ pattern }) => !keys.some((key) => matchesKey(pattern, key)))
    .map(({ pattern }) => pattern.text)
}

/** How many differences the patterns leave out. */
export function countIgnored(ignored: readonly IgnoredDifferences[]): number {
  return ignored.reduce((sum, { objects }) => sum + objects.length, 0)
}

/** What an object belongs to by its facts, because its names do not say it, by kind. */
const ownerByFact: Readonly<Record<string, (facts: Facts) => string | null>> = {
  sequence: ({ ownedBy }) => keyFromFact('column', ownedBy),
  default_privileges: ({ schema }) => keyFromFact('schema', schema),
}

/** The keys of an object and of everything it belongs to. The key of a column does not say of what kind its relation is. */
function selfAndOwnerKeys(key: string, facts: Facts, exists: (key: string) => boolean): readonly string[] {
  const { kind, names } = parseKey(key)
  const relations = relationKeysOf(key)
  const present = relations.filter(exists)
  const top = kind === 'user_mapping' ? `server:${names[0]}` : isSetting(key) ? null : schemaKeyOf(key)
  const owner = ownerByFact[kind]?.(facts) ?? null
  return [
    key,
    ...(present.length === 0 ? relations : present),
    ...(top === null ? [] : [top]),
    ...(owner === null ? [] : selfAndOwnerKeys(owner, {}, exists)),
  ]
}

function keyFromFact(kind: string, name: unknown): string | null {
  return typeof name === 'string' ? keyFromSqlName(kind, name) : null
}

function factsOf(difference: Difference): Facts {
  return difference.change === 'unexpected' ? difference.actual : difference.expected
}

function omitFacts(facts: Facts, names: readonly string[]): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !names.includes(name)))
}
