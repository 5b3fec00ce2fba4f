import { type Fact, type Facts, parseKey } from '../../core/model/catalog.js'
import { unquotedNames } from '../../core/model/pattern.js'
import { normalizeQuoting } from '../../core/model/server-versions.js'
import { type DeparseRule, deparseRules } from './deparse-rules.js'
import type { CanonicalForm, DeparseContext } from './deparse.js'
import type { Deparser, ComparisonResult, DeparsePair } from './temporary-objects.js'

/** A fact that two catalogs have in different words. */
export interface ChangedFact {
  readonly key: string
  readonly fact: string
  readonly expected: Facts
  readonly actual: Facts
}

/** What is to be printed to tell whether two texts mean the same, or that this can be told without. */
export type TextComparison = { readonly pair: DeparsePair } | ComparisonResult

/** One sketch for each text of a fact that differs; null for a fact that all major versions print in the same words. */
export function prepareComparisons(
  changed: ChangedFact,
  columnsOf: Deparser['columnsOf'],
): readonly TextComparison[] | null {
  const { key, fact, expected, actual } = changed
  const rule = deparseRules[parseKey(key).kind]?.[fact]
  const texts = findDifferingTexts(expected[fact], actual[fact])
  if (rule === undefined || texts === null) return null
  const names = unquotedNames(key)
  const [schema = '', relation = ''] = names
  const context = { names, facts: actual, columns: columnsOf(schema, relation) }
  return texts.map((pair) =>
    differsOnlyInQuotes(pair, key) ? { alike: true } : prepareComparison(pair, rule, context),
  )
}

/** Bodies of routines are whatever somebody wrote; all else is printed, and differs in no more than quotes. */
function differsOnlyInQuotes([expected, actual]: TextPair, key: string): boolean {
  const { kind } = parseKey(key)
  return (
    kind !== 'function' && kind !== 'procedure' && normalizeQuoting(expected) === normalizeQuoting(actual)
  )
}

type TextPair = readonly [expected: string, actual: string]

/** Lists are compared text by text; null where there are not as many on both sides. */
function findDifferingTexts(
  expected: Fact | undefined,
  actual: Fact | undefined,
): readonly TextPair[] | null {
  if (typeof expected === 'string' && typeof actual === 'string') return [[expected, actual]]
  if (!Array.isArray(expected) || !Array.isArray(actual) || expected.length !== actual.length) return null
  const pairs = expected.map((text, at): TextPair => [String(text), String(actual[at])])
  return pairs.filter(([one, other]) => one !== other)
}

function prepareComparison(
  [expected, actual]: TextPair,
  deparse: DeparseRule,
  context: DeparseContext,
): TextComparison {
  const [expectedForm, actualForm]: readonly (CanonicalForm | null)[] = [
    deparse(expected, context),
    deparse(actual, context),
  ]
  if (!expectedForm || !actualForm) return { why: 'it is not in the words of any PostgreSQL' }
  if ('words' in expectedForm)
    return { alike: 'words' in actualForm && expectedForm.words === actualForm.words }
  return 'words' in actualForm ? { alike: false } : { pair: [expectedForm, actualForm] }
}
