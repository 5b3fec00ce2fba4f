import { type Catalog, type Facts, objectKey, parseKey, relationKeysOf, schemaKeyOf } from './catalog.js'
import type { Difference } from './diff.js'
import { matchesKey, type Pattern, unquotedNames } from './pattern.js'
import { diffAgainstPromise, diffKeysAgainstPromise, type PromisedCatalog } from './snapshot.js'

/** A pattern whose objects may differ from the promise, and why that is meant. */
export interface IgnoreRule {
  readonly pattern: Pattern
  readonly reason: string | null
}

/** What of the catalog is compared. */
export interface Scope {
  readonly comments: boolean
  /** Owners, grants and default privileges. */
  readonly grants: boolean
  readonly ignore: readonly IgnoreRule[]
}

/** What a pattern left out: the keys of the objects that differ and are not told. Empty where none does. */
export interface IgnoredDifferences {
  readonly pattern: string
  readonly reason: string | null
  readonly objects: readonly string[]
}

export const defaultScope: Scope = { comments: false, grants: false, ignore: [] }

const commentFacts = ['comment', 'columnComments', 'constraintComments', 'indexComment']
const grantFacts = ['owner', 'grants', 'columnGrants']
const grantKind = 'default_privileges:'

/**
 * The catalog without comments and grants where these are not compared. What has none comes back itself, not a copy.
 * Linear in the number of objects.
 */
export function limitToScope(catalog: Catalog, { comments, grants }: Omit<Scope, 'ignore'>): Catalog {
  const apart = [...(comments ? [] : commentFacts), ...(grants ? [] : grantFacts)]
  if (apart.length === 0) return catalog
  const isApart = (key: string): boolean => !grants && key.startsWith(grantKind)
  const hasApart = (facts: Facts): boolean => apart.some((name) => facts[name] !== undefined)
  const keys = Object.keys(catalog)
  if (!keys.some((key) => isApart(key) || hasApart(catalog[key] ?? {}))) return catalog
  const kept: Record<string, Facts> = {}
  for (const key of keys) {
    const facts = catalog[key] ?? {}
    if (!isApart(key)) kept[key] = hasApart(facts) ? omitFacts(facts, apart) : facts
  }
  return kept
}

export interface ComparisonOptions {
  readonly scope: Scope
  /** The objects to compare. Default: all. */
  readonly keys?: readonly string[]
}

export interface ScopedComparison {
  /** What is promised, as far as it is compared. */
  readonly expected: Catalog
  readonly differences: readonly Difference[]
  readonly ignored: readonly IgnoredDifferences[]
}

/** The live catalog against the promise, as far as the scope goes. */
export function compareInScope(
  promised: PromisedCatalog,
  live: Catalog,
  { scope, keys }: ComparisonOptions,
): ScopedComparison {
  const expected = limitToScope(promised.catalog, scope)
  const actual = limitToScope(live, scope)
  const compared = { ...promised, catalog: expected }
  const found =
    keys === undefined ? diffAgainstPromise(compared, actual) : diffKeysAgainstPromise(compared, actual, keys)
  return { expected, ...splitIgnored(found, { scope, expected, actual }) }
}

/** Where differences were found, and what of them is to be left out. */
export interface DifferenceContext {
  readonly scope: Scope
  readonly expected: Catalog
  readonly actual: Catalog
}

/**
 * Differences that count, and those that the first pattern to cover them leaves out, by pattern. A pattern covers an
 * object and what belongs to it: a table's columns and the sequences they own, all that is in a schema.
 */
export function splitIgnored(
  differences: readonly Difference[],
  { scope, expected, actual }: DifferenceContext,
): Omit<ScopedComparison, 'expected'> {
  if (scope.ignore.length === 0) return { differences, ignored: [] }
  const exists = (key: string): boolean => expected[key] !== undefined || actual[key] !== undefined
  const rules = differences.map((difference) => {
    const line = selfAndOwnerKeys(difference.key, { facts: factsOf(difference), exists })
    return scope.ignore.find(({ pattern }) => line.some((key) => matchesKey(pattern, key)))
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

/** The patterns that no object of any of the catalogs is named by: probably misspelled. */
export function unmatchedPatterns({ ignore }: Scope, catalogs: readonly Catalog[]): readonly string[] {
  const keys = catalogs.flatMap((catalog) => Object.keys(catalog))
  return ignore
    .filter(({ pattern }) => !keys.some((key) => matchesKey(pattern, key)))
    .map(({ pattern }) => pattern.text)
}

/** How many differences were left out. */
export function countIgnored(ignored: readonly IgnoredDifferences[]): number {
  return ignored.reduce((sum, { objects }) => sum + objects.length, 0)
}

interface ObjectContext {
  readonly facts: Facts
  readonly exists: (key: string) => boolean
}

/** What an object belongs to where its names do not say it, by kind. */
const ownerByFact: Readonly<Record<string, (facts: Facts) => string | null>> = {
  sequence: ({ ownedBy }) => keyFromSqlName('column', ownedBy),
  default_privileges: ({ schema }) => keyFromSqlName('schema', schema),
}

/** The keys of an object and of all it belongs to. A key with a table's name does not tell what kind of table that is. */
function selfAndOwnerKeys(key: string, { facts, exists }: ObjectContext): readonly string[] {
  const { kind, names } = parseKey(key)
  const relations = relationKeysOf(key)
  const present = relations.filter(exists)
  const top = kind === 'user_mapping' ? `server:${names[0]}` : schemaKeyOf(key)
  const owner = ownerByFact[kind]?.(facts) ?? null
  return [
    key,
    ...(present.length === 0 ? relations : present),
    ...(top === null ? [] : [top]),
    ...(owner === null ? [] : selfAndOwnerKeys(owner, { facts: {}, exists })),
  ]
}

/** PostgreSQL quotes words of its own, keys do not. */
function keyFromSqlName(kind: string, names: unknown): string | null {
  return typeof names === 'string' ? objectKey(kind, unquotedNames(`${kind}:${names}`)) : null
}

function factsOf(difference: Difference): Facts {
  return difference.change === 'unexpected' ? difference.actual : difference.expected
}

function omitFacts(facts: Facts, names: readonly string[]): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !names.includes(name)))
}
