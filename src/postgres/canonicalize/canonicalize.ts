import type pg from 'pg'
import { type Catalog, type Facts } from '../../core/model/catalog.js'
import { diff, type Difference, type UndeterminedFacts } from '../../core/model/diff.js'
import { unquotedNames } from '../../core/model/pattern.js'
import { type MajorVersions, samePublicGrants } from '../../core/model/server-versions.js'
import { pickKeys, promisedCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import { isStatementRejected } from '../connection/sqlstate.js'
import { type ComparisonResult, type DeparseTransaction, withDeparser } from './temporary-objects.js'
import { type ChangedFact, type TextComparison, prepareComparisons } from './text-pairs.js'

/** A promise and a live catalog, perhaps of different major versions of PostgreSQL. */
export interface CatalogComparison {
  readonly expected: Catalog
  readonly undetermined?: UndeterminedFacts
  readonly live: Catalog
  readonly majors: MajorVersions
}

/** Why it could not be told whether a difference is more than other words, by object key. */
export type CanonicalizeFailures = Readonly<Record<string, string>>

export interface CanonicalizedCatalog {
  /** The live catalog, in the promised words wherever they mean the same. */
  readonly live: Catalog
  readonly canonicalizeFailures: CanonicalizeFailures
}

/** A database at some revisions, where it differs from what a snapshot promises. */
export interface SnapshotComparison {
  readonly snapshot: Snapshot
  readonly revisions: Iterable<string>
  readonly live: Catalog
  /** The major version of its server. */
  readonly major: number
  readonly differences: readonly Difference[]
}

/** The live catalog reconciled with the snapshot, as far as there are differences. */
export async function canonicalizeDifferences(
  client: pg.ClientBase,
  { snapshot, revisions, live, major, differences }: SnapshotComparison,
  transaction: DeparseTransaction,
): Promise<CanonicalizedCatalog> {
  const keys = differences.flatMap(({ change, key }) => (change === 'changed' ? [key] : []))
  if (keys.length === 0) return { live, canonicalizeFailures: {} }
  const { catalog, undetermined } = promisedCatalogAt(snapshot, revisions)
  const expected = pickKeys(catalog, keys)
  const majors = { expected: snapshot.postgres, actual: major }
  const canonicalized = await canonicalizeCatalog(
    client,
    { expected, undetermined, live: pickKeys(live, keys), majors },
    transaction,
  )
  return {
    live: { ...live, ...canonicalized.live },
    canonicalizeFailures: canonicalized.canonicalizeFailures,
  }
}

/**
 * Major versions print the same definition in different words, and each prints some of them anew in others: what was
 * restored from a dump, or built from a snapshot. So the live server prints both texts of a difference, from temporary
 * objects that are rolled back: what it then prints alike is no difference. What it cannot print stays one. No round trip
 * where there is nothing to print.
 */
export async function canonicalizeCatalog(
  client: pg.ClientBase,
  comparison: CatalogComparison,
  transaction: DeparseTransaction,
): Promise<CanonicalizedCatalog> {
  const { majors } = comparison
  const changed = findChangedFacts(comparison)
  const results = new Map(changed.map((each) => [each, compareWithoutServer(each, majors)]))
  const open = changed.filter((each) => results.get(each) === null)
  for (const [each, result] of open.length === 0 ? [] : await compareOnServer(client, open, transaction)) {
    cacheResult(each, result, majors)
    results.set(each, result)
  }
  return applyResults(comparison, results)
}

function findChangedFacts({ expected, live, undetermined }: CatalogComparison): readonly ChangedFact[] {
  return diff(expected, live, undetermined).flatMap((difference) => {
    if (difference.change !== 'changed') return []
    const { key, facts } = difference
    return facts.map((fact) => ({ key, fact, expected: expected[key] ?? {}, actual: live[key] ?? {} }))
  })
}

/** What can be told without the server; null for what it has to print. */
function compareWithoutServer(changed: ChangedFact, majors: MajorVersions): ComparisonResult | null {
  const { key, fact, expected, actual } = changed
  if (key === 'schema:public' && fact === 'grants')
    return { alike: samePublicGrants([expected[fact], actual[fact]], majors) }
  const alike = comparisonCache.get(expected)?.get(comparisonCacheKey(changed, majors))
  if (alike !== undefined) return { alike }
  const comparisons = prepareComparisons(changed, () => '') ?? [{ alike: false }]
  const results = comparisons.flatMap((each) => ('pair' in each ? [] : [each]))
  return results.length < comparisons.length ? null : combineResults(results)
}

async function compareOnServer(
  client: pg.ClientBase,
  open: readonly ChangedFact[],
  transaction: DeparseTransaction,
): Promise<Iterable<readonly [ChangedFact, ComparisonResult]>> {
  const relations = open
    .map(({ key }) => unquotedNames(key))
    .map(([schema = '', name = '']) => [schema, name] as const)
  try {
    return await withDeparser(client, { transaction, relations }, async ({ columnsOf, compare }) => {
      const prepared = open.map((changed) => [changed, prepareComparisons(changed, columnsOf) ?? []] as const)
      const printed = await compare(
        prepared.flatMap(([, each]) => each.flatMap((text) => ('pair' in text ? [text.pair] : []))),
      )
      const answers = printed.values()
      const resultOf = (text: TextComparison): ComparisonResult =>
        'pair' in text ? (answers.next().value ?? { why: 'the server gave no answer' }) : text
      return prepared.map(([changed, each]) => [changed, combineResults(each.map(resultOf))] as const)
    })
  } catch (error) {
    if (!isStatementRejected(error)) throw error
    return open.map((changed) => [changed, { why: error.message }] as const)
  }
}

/** A fact of several texts is alike if all are. */
function combineResults(results: readonly ComparisonResult[]): ComparisonResult {
  const failed = results.find((result) => 'why' in result)
  return failed ?? { alike: results.every((result) => 'alike' in result && result.alike) }
}

function applyResults(
  { live, majors }: CatalogComparison,
  results: ReadonlyMap<ChangedFact, ComparisonResult | null>,
): CanonicalizedCatalog {
  const failure = `PostgreSQL ${majors.actual} could not print what ${majors.expected} promised`
  const canonical: Record<string, Facts> = {}
  const canonicalizeFailures: Record<string, string> = {}
  for (const [{ key, fact, expected }, result] of results)
    if (result !== null && 'why' in result) canonicalizeFailures[key] = `${failure}: ${result.why}`
    else if (result?.alike === true)
      canonical[key] = withExpectedFact(canonical[key] ?? live[key] ?? {}, fact, expected)
  return {
    live: { ...live, ...canonical },
    canonicalizeFailures: majors.expected === majors.actual ? {} : canonicalizeFailures,
  }
}

/** Facts with the promised words of one of them. */
function withExpectedFact(facts: Facts, name: string, { [name]: promised }: Facts): Facts {
  const { [name]: _, ...others } = facts
  return promised === undefined ? others : { ...others, [name]: promised }
}

/**
 * What was once printed alike stays so: two texts that are the same word for word would not be looked at again either. By
 * the promised facts, which live as long as their snapshot.
 */
const comparisonCache = new WeakMap<Facts, Map<string, boolean>>()

function cacheResult(changed: ChangedFact, result: ComparisonResult, majors: MajorVersions): void {
  if ('why' in result) return
  const known = comparisonCache.get(changed.expected) ?? new Map<string, boolean>()
  comparisonCache.set(changed.expected, known.set(comparisonCacheKey(changed, majors), result.alike))
}

function comparisonCacheKey({ fact, actual }: ChangedFact, majors: MajorVersions): string {
  return JSON.stringify([majors.actual, fact, actual[fact]])
}
