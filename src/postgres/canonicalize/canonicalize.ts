/*
 * PostgreSQL stores a definition as a parse tree and prints ("deparses") it with pg_get_constraintdef(),
 * pg_get_indexdef(), pg_get_expr() and the like. Major versions print the same tree differently, and one version may
 * print a definition differently after a dump and restore. So two texts that differ may mean the same definition.
 *
 * Only the server can tell, so it gets both texts: it creates a temporary object from each, prints both objects with the
 * same function, and rolls everything back. What it prints alike is no difference. Where it cannot create an object from
 * a text, the difference stays and the server's message says why.
 *
 *   text-pairs.ts         which texts of a changed fact have to be compared
 *   deparse-rules.ts      for each kind and fact: which temporary object, which printing function
 *   deparse.ts            the statements for one temporary object
 *   temporary-objects.ts  the transaction, the messages and the rollback
 */
import type pg from 'pg'
import { type Catalog, type Facts, parseKey, tableKeyOf } from '../../core/model/catalog.js'
import { diff, type Difference, type UndeterminedFacts } from '../../core/model/diff.js'
import { isRoutine } from '../../core/model/line-endings.js'
import { unquotedNames } from '../../core/model/pattern.js'
import {
  differInInheritedIdentity,
  isHiddenIdentity,
  type MajorVersions,
  samePublicGrants,
} from '../../core/model/server-versions.js'
import { pickKeys, type PromisedCatalog, replaceInSteps } from '../../core/model/snapshot.js'
import { runInTurns } from '../connection/run-in-turns.js'
import { isStatementRejected } from '../connection/sqlstate.js'
import type { ComparisonResult } from './deparse.js'
import { type DeparseTransaction, type RelationName, withDeparser } from './temporary-objects.js'
import { type ChangedFact, type TextComparison, prepareComparisons } from './text-pairs.js'

/** A promised and a live catalog, whose servers may have different major versions. */
export interface CatalogComparison {
  readonly expected: Catalog
  readonly undetermined?: UndeterminedFacts
  readonly live: Catalog
  readonly majors: MajorVersions
}

/** Why the server could not print a promised definition, by object key. */
export type CanonicalizeFailures = Readonly<Record<string, string>>

export interface CanonicalizedCatalog {
  /** The live catalog, with the promised text wherever both texts mean the same. */
  readonly live: Catalog
  readonly canonicalizeFailures: CanonicalizeFailures
  /** What the texts differ in without a difference in meaning, where a person should know. */
  readonly notes: readonly string[]
}

/** A live catalog, what is promised, and the differences between them. */
export interface PromisedAndLive {
  readonly promised: PromisedCatalog
  readonly live: Catalog
  readonly majors: MajorVersions
  readonly differences: readonly Difference[]
}

/** Canonicalizes the objects of a live catalog that differ from the promise. Where none turns out the same, it stays as it is. */
export async function canonicalizeDifferences(
  client: pg.ClientBase,
  { promised, live, majors, differences }: PromisedAndLive,
  transaction: DeparseTransaction,
): Promise<CanonicalizedCatalog> {
  const keys = differences.flatMap(({ change, key }) => (change === 'changed' ? [key] : []))
  if (keys.length === 0) return { live, canonicalizeFailures: {}, notes: [] }
  const { undetermined } = promised
  const tables = differInInheritedIdentity(majors) ? keys.flatMap((key) => tableKeyOf(key) ?? []) : []
  const picked = [...keys, ...tables]
  const [expected, actual] = [pickKeys(promised.catalog, picked), pickKeys(live, picked)]
  const canonicalized = await canonicalizeCatalog(
    client,
    { expected, undetermined, live: actual, majors },
    transaction,
  )
  const isAsItWas = keys.every((key) => canonicalized.live[key] === live[key])
  return {
    ...canonicalized,
    live: isAsItWas ? live : await runInTurns(replaceInSteps(live, canonicalized.live)),
  }
}

/** Canonicalizes a live catalog. Takes no round trip where nothing has to be printed. */
export async function canonicalizeCatalog(
  client: pg.ClientBase,
  comparison: CatalogComparison,
  transaction: DeparseTransaction,
): Promise<CanonicalizedCatalog> {
  const { majors } = comparison
  const changed = findChangedFacts(comparison)
  const results = new Map(changed.map((each) => [each, compareWithoutServer(each, comparison)]))
  const undecided = changed.filter((each) => results.get(each) === null)
  if (undecided.length > 0)
    for (const [each, result] of await compareOnServer(client, undecided, transaction)) {
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

/** The result where it needs no server; null where the server has to print the texts. */
function compareWithoutServer(
  changed: ChangedFact,
  { majors, ...catalogs }: CatalogComparison,
): ComparisonResult | null {
  const { key, fact, expected, actual } = changed
  if (key === 'schema:public' && fact === 'grants')
    return { alike: samePublicGrants(expected[fact], actual[fact], majors) }
  if (fact === 'notNullName' && Math.min(majors.expected, majors.actual) < 18) return { alike: true }
  if (isHiddenIdentity(fact, changed, majors) && isOfPartition(key, catalogs)) return { alike: true }
  const alike = comparisonCache.get(expected)?.get(comparisonCacheKey(changed, majors))
  if (alike !== undefined) return { alike }
  const comparisons = prepareComparisons(changed, () => '') ?? [{ alike: false }]
  const results = comparisons.flatMap((each) => ('pair' in each ? [] : [each]))
  return results.length < comparisons.length ? null : combineResults(results)
}

function isOfPartition(key: string, { expected, live }: Omit<CatalogComparison, 'majors'>): boolean {
  const table = tableKeyOf(key) ?? ''
  return expected[table]?.['partition'] !== undefined && live[table]?.['partition'] !== undefined
}

async function compareOnServer(
  client: pg.ClientBase,
  undecided: readonly ChangedFact[],
  transaction: DeparseTransaction,
): Promise<Iterable<readonly [ChangedFact, ComparisonResult]>> {
  const relations = undecided.map(({ key }) => relationNameOf(key))
  try {
    return await withDeparser(client, transaction, relations, async ({ columnsOf, compare }) => {
      const prepared = undecided.map(
        (changed) => [changed, prepareComparisons(changed, columnsOf) ?? []] as const,
      )
      const pairs = prepared.flatMap(([, texts]) =>
        texts.flatMap((text) => ('pair' in text ? [text.pair] : [])),
      )
      const answers = (await compare(pairs)).values()
      const resultOf = (text: TextComparison): ComparisonResult =>
        'pair' in text ? (answers.next().value ?? { why: 'the server gave no answer' }) : text
      return prepared.map(([changed, texts]) => [changed, combineResults(texts.map(resultOf))] as const)
    })
  } catch (error) {
    if (!isStatementRejected(error)) throw error
    return undecided.map((changed) => [changed, { why: error.message }] as const)
  }
}

function relationNameOf(key: string): RelationName {
  const [schema = '', name = ''] = unquotedNames(key)
  return [schema, name]
}

/** A fact of several texts is alike if all its texts are. */
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
    notes: [...results].flatMap(([changed, result]) =>
      result !== null && 'alike' in result && result.alike ? lineEndingNote(changed) : [],
    ),
  }
}

/** Inside a text in quotes a line ending is a value, so it is told. */
function lineEndingNote({ key, fact, expected, actual }: ChangedFact): readonly string[] {
  const [promised, found] = [String(expected[fact]), String(actual[fact])]
  return isRoutine(parseKey(key).kind) && promised.includes('\r') !== found.includes('\r')
    ? [`${key} has ${lineEndingsOf(found)} line endings, and was promised with ${lineEndingsOf(promised)}`]
    : []
}

function lineEndingsOf(text: string): string {
  return text.includes('\r') ? 'Windows (CRLF)' : 'Unix (LF)'
}

/** The facts, one of them replaced by the promised one. */
function withExpectedFact(facts: Facts, name: string, { [name]: promised }: Facts): Facts {
  const { [name]: _, ...others } = facts
  return promised === undefined ? others : { ...others, [name]: promised }
}

/** Results by the promised facts, which live as long as their snapshot: the server would print the same texts again. */
const comparisonCache = new WeakMap<Facts, Map<string, boolean>>()

function cacheResult(changed: ChangedFact, result: ComparisonResult, majors: MajorVersions): void {
  if ('why' in result) return
  const known = comparisonCache.get(changed.expected) ?? new Map<string, boolean>()
  comparisonCache.set(changed.expected, known.set(comparisonCacheKey(changed, majors), result.alike))
}

function comparisonCacheKey({ fact, actual }: ChangedFact, majors: MajorVersions): string {
  return JSON.stringify([majors.actual, fact, actual[fact]])
}
