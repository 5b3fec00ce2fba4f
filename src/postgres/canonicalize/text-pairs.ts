import { type Fact, type Facts, parseKey } from '../../core/model/catalog.js'
import { isRoutine, normalizeLineEndings } from '../../core/model/line-endings.js'
import { unquotedNames } from '../../core/model/pattern.js'
import { normalizeQuoting } from '../../core/model/server-versions.js'
import { type DeparseRule, deparseRules } from './deparse-rules.js'
import type { ColumnLookup, ComparisonResult, DeparseContext, DeparsePair } from './deparse.js'

/** A fact whose text differs between two catalogs, with all facts of its object on both sides. */
export interface ChangedFact {
  readonly key: string
  readonly fact: string
  readonly expected: Facts
  readonly actual: Facts
}

/** Two texts for the server to print, or the result where it needs no server. */
export type TextComparison = { readonly pair: DeparsePair } | ComparisonResult

/** One comparison for each text of a fact that differs; null for a fact that PostgreSQL prints in one way only. */
export function prepareComparisons(
  changed: ChangedFact,
  columnsOf: ColumnLookup,
): readonly TextComparison[] | null {
  const { key, fact, expected, actual } = changed
  const { kind } = parseKey(key)
  const rule = deparseRules[kind]?.[fact]
  const found = findDifferingTexts(expected[fact], actual[fact])
  const texts = isRoutine(kind) ? (found?.map(withoutLineEndings) ?? null) : found
  if (rule === undefined || texts === null) return null
  const names = unquotedNames(key)
  const [schema = '', relation = ''] = names
  const context = { names, facts: actual, columns: columnsOf(schema, relation) }
  return texts.map((pair) =>
    pair[0] === pair[1] || (!isRoutine(kind) && differsOnlyInQuotes(pair))
      ? { alike: true }
      : prepareComparison(pair, rule, context),
  )
}

function differsOnlyInQuotes([expected, actual]: TextPair): boolean {
  return normalizeQuoting(expected) === normalizeQuoting(actual)
}

function withoutLineEndings([expected, actual]: TextPair): TextPair {
  return [normalizeLineEndings(expected), normalizeLineEndings(actual)]
}

type TextPair = readonly [expected: string, actual: string]

/** Lists are compared text by text; null where the lists differ in length. */
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
  const expectedForm = deparse(expected, context)
  const actualForm = deparse(actual, context)
  if (expectedForm === null || actualForm === null)
    return { why: 'no version of PostgreSQL prints it like this' }
  if ('text' in expectedForm) return { alike: 'text' in actualForm && expectedForm.text === actualForm.text }
  return 'text' in actualForm ? { alike: false } : { pair: [expectedForm, actualForm] }
}
