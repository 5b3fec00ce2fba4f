import { type Catalog, type Fact, type Facts, parseKey, tableOf } from './catalog.js'
import type { Difference } from './diff.js'

/** What a difference does to code that was built for the expected catalog, the worst first. */
export const impacts = ['breaks', 'weakens', 'slows', 'harmless'] as const

export type Impact = (typeof impacts)[number]

/** A difference with what it means. */
export type Finding = Difference & { readonly impact: Impact; readonly reason: string }

type Verdict = readonly [impact: Impact, reason: string]
type Rule = Verdict | ((facts: Facts) => Verdict)
type FactRule = Verdict | ((expected: Fact | undefined, actual: Fact | undefined) => Verdict)

interface KindRules {
  readonly missing: Rule
  readonly unexpected: Rule
  /** By fact; `*` for every fact that has no rule of its own. */
  readonly changed: Readonly<Record<string, FactRule>> & { readonly '*': FactRule }
}

const gone: Verdict = ['breaks', 'code that uses it fails']
const unused: Verdict = ['harmless', 'this build does not use it']
const other: Verdict = ['breaks', 'code built for the promised one may fail']

const validity: FactRule = (_, actual) =>
  actual === false
    ? ['weakens', 'rows stored before it were never checked']
    : ['harmless', 'it was validated since']

const replaceable: KindRules = { missing: gone, unexpected: unused, changed: { '*': other } }

/** From kind, change and fact to impact and reason: the one place that knows what a difference means. */
export const impactRules: Readonly<Record<string, KindRules>> = {
  schema: replaceable,
  extension: replaceable,
  domain: replaceable,
  composite: replaceable,
  view: replaceable,
  materialized_view: replaceable,
  function: replaceable,
  procedure: replaceable,
  table: {
    missing: ['breaks', 'queries on it fail'],
    unexpected: unused,
    changed: {
      rowSecurity: (_, actual) =>
        actual === true
          ? ['breaks', 'rows disappear for roles without a policy']
          : ['weakens', 'rows that policies hid are visible'],
      forceRowSecurity: ['weakens', 'policies apply to other roles than promised'],
      unlogged: ['weakens', 'the table is stored otherwise than promised'],
      '*': ['breaks', 'rows go to other tables, or queries find others, than promised'],
    },
  },
  column: {
    missing: ['breaks', 'queries that name it fail'],
    unexpected: (facts) =>
      isRequired(facts)
        ? ['breaks', 'inserts that do not name it fail']
        : ['harmless', 'inserts may leave it out'],
    changed: {
      type: ['breaks', 'values of the promised type may not fit or come back in another form'],
      nullable: (_, actual) =>
        actual === false
          ? ['breaks', 'inserts of null fail']
          : ['weakens', 'nulls can be stored where the code expects none'],
      default: (_, actual) =>
        actual === undefined
          ? ['breaks', 'rows inserted without a value get none']
          : ['weakens', 'rows inserted without a value get another one'],
      collation: ['weakens', 'order and comparison of values differ'],
      valid: validity,
      '*': ['breaks', 'the value is made otherwise than promised'],
    },
  },
  constraint: {
    missing: ['weakens', 'rows that it forbids can be stored'],
    unexpected: ['breaks', 'rows that this build may write are refused'],
    changed: {
      valid: validity,
      '*': ['breaks', 'other rows are refused than promised'],
    },
  },
  index: {
    missing: (facts) =>
      facts['unique'] === true
        ? ['weakens', 'duplicates can be stored']
        : ['slows', 'queries that need it scan the table'],
    unexpected: (facts) =>
      facts['unique'] === true
        ? ['breaks', 'rows that this build may write are refused as duplicates']
        : unused,
    changed: {
      valid: (_, actual) =>
        actual === false
          ? [
              'weakens',
              'PostgreSQL does not use it for queries, and a unique one enforces nothing on old rows',
            ]
          : ['harmless', 'it was built since'],
      unique: (_, actual) =>
        actual === true
          ? ['breaks', 'rows that this build may write are refused as duplicates']
          : ['weakens', 'duplicates can be stored'],
      '*': ['slows', 'queries may not be able to use it'],
    },
  },
  sequence: {
    missing: ['breaks', 'defaults that draw from it fail'],
    unexpected: unused,
    changed: { '*': ['weakens', 'it deals other values than promised'] },
  },
  enum: {
    missing: gone,
    unexpected: unused,
    changed: {
      labels: (expected, actual) =>
        hasAll(actual, expected)
          ? ['harmless', 'every promised label is there']
          : ['breaks', 'storing a promised label fails'],
      '*': other,
    },
  },
  trigger: {
    missing: ['weakens', 'what it does on writes no longer happens'],
    unexpected: ['weakens', 'writes do more than promised'],
    changed: { '*': ['weakens', 'writes do something else than promised'] },
  },
  policy: {
    missing: ['weakens', 'the rows a role sees or may write are not the promised ones'],
    unexpected: ['weakens', 'the rows a role sees or may write are not the promised ones'],
    changed: { '*': ['weakens', 'the rows a role sees or may write are not the promised ones'] },
  },
}

/**
 * What a difference means for code built for `expected`. What belongs to a table this build does not know is harmless.
 * A kind without rules counts as breaking: not knowing is never "ok".
 */
export function assessImpact(difference: Difference, expected: Catalog): Finding {
  const [impact, reason] = verdictOn(difference, expected)
  return { ...difference, impact, reason }
}

/** The impact of most consequence among findings, null without any. */
export function worstImpact(findings: readonly Finding[]): Impact | null {
  return impacts.find((impact) => findings.some((finding) => finding.impact === impact)) ?? null
}

function verdictOn(difference: Difference, expected: Catalog): Verdict {
  const rules = impactRules[parseKey(difference.key).kind]
  if (rules === undefined) return ['breaks', 'nothing is known about this kind of object']
  switch (difference.change) {
    case 'missing':
      return apply(rules.missing, difference.expected)
    case 'unexpected':
      return isOfUnknownTable(difference.key, expected) ? unused : apply(rules.unexpected, difference.actual)
    case 'changed':
      return worst(
        difference.facts.map((name) =>
          applyToFact(rules.changed[name] ?? rules.changed['*'], [
            difference.expected[name],
            difference.actual[name],
          ]),
        ),
      )
  }
}

function apply(rule: Rule, facts: Facts): Verdict {
  return typeof rule === 'function' ? rule(facts) : rule
}

function applyToFact(
  rule: FactRule,
  [expected, actual]: readonly [Fact | undefined, Fact | undefined],
): Verdict {
  return typeof rule === 'function' ? rule(expected, actual) : rule
}

function worst(verdicts: readonly Verdict[]): Verdict {
  const ranked = [...verdicts].sort(([one], [other]) => impacts.indexOf(one) - impacts.indexOf(other))
  return ranked[0] ?? other
}

/** Views have triggers and materialized views have indexes: `tableOf` says table for all three. */
function isOfUnknownTable(key: string, expected: Catalog): boolean {
  const table = tableOf(key)
  if (table === null) return false
  const holders = ['table', 'view', 'materialized_view'].map((kind) => table.replace(/^table/, kind))
  return holders.every((holder) => expected[holder] === undefined)
}

function isRequired({ nullable, default: fallback, identity, generated }: Facts): boolean {
  return nullable === false && fallback === undefined && identity === undefined && generated === undefined
}

function hasAll(actual: Fact | undefined, expected: Fact | undefined): boolean {
  return Array.isArray(actual) && Array.isArray(expected) && expected.every((label) => actual.includes(label))
}
