import type { Catalog, Fact, Facts } from '../model/catalog.js'

/** What a difference does to code that was built for the expected catalog. The worst comes first. */
export const impacts = ['breaks', 'weakens', 'slows', 'harmless'] as const

export type Impact = (typeof impacts)[number]

/** Whether code notices: it fails, or relies on what no longer holds. */
export function isSerious(impact: Impact | null): boolean {
  return impact === 'breaks' || impact === 'weakens'
}

export type ImpactVerdict = readonly [impact: Impact, reason: string]

/** The object that differs, and both catalogs: some differences mean something only together with other objects. */
export interface ImpactContext {
  readonly key: string
  readonly expected: Catalog
  readonly live: Catalog
}

/** A condition as text and as code, and the verdict where it holds. */
export type RuleCase<Input> = readonly [
  when: string,
  holds: (input: Input, context: ImpactContext) => boolean,
  verdict: ImpactVerdict,
]

/** What a difference means: always the same verdict, or that of the first case that holds. */
export type ImpactRule<Input> =
  ImpactVerdict | { readonly cases: readonly RuleCase<Input>[]; readonly otherwise: ImpactVerdict }

/** A fact that differs; `was` and `is` are all facts of the object, promised and live. */
export interface FactChange {
  readonly expected: Fact | undefined
  readonly actual: Fact | undefined
  readonly was: Facts
  readonly is: Facts
}

/** What differences of one kind of object mean: the object is missing, unexpected, or has other facts. */
export interface KindRules {
  readonly missing: ImpactRule<Facts>
  readonly unexpected: ImpactRule<Facts>
  readonly changed: Readonly<Record<string, ImpactRule<FactChange>>>
}

/** The verdict of a rule on a difference. */
export function evaluateRule<Input>(
  rule: ImpactRule<Input>,
  input: Input,
  context: ImpactContext,
): ImpactVerdict {
  if (!('cases' in rule)) return rule
  const found = rule.cases.find(([, holds]) => holds(input, context))
  return found === undefined ? rule.otherwise : found[2]
}

/** A rule as the rows of a table: the condition as text, null where there is none, and the verdict. */
export function ruleTableRows<Input>(
  rule: ImpactRule<Input>,
): readonly (readonly [when: string | null, ImpactVerdict])[] {
  if (!('cases' in rule)) return [[null, rule]]
  return [...rule.cases.map(([when, , verdict]) => [when, verdict] as const), ['otherwise', rule.otherwise]]
}

/** The verdict with the worst impact; undefined for no verdicts. */
export function worstVerdict(verdicts: readonly ImpactVerdict[]): ImpactVerdict | undefined {
  return [...verdicts].sort(([one], [other]) => impacts.indexOf(one) - impacts.indexOf(other))[0]
}

export function isNow(value: Fact): (change: FactChange) => boolean {
  return ({ actual }) => actual === value
}

export function isNew({ expected }: FactChange): boolean {
  return expected === undefined
}

export function isGone({ actual }: FactChange): boolean {
  return actual === undefined
}

/** Whether the live list has every entry of the promised one. */
export function hasAllPromised({ expected, actual }: FactChange): boolean {
  return listOf(expected).every((text) => listOf(actual).includes(text))
}

/** Whether every entry of the live list was promised. */
export function hasOnlyPromised({ expected, actual }: FactChange): boolean {
  return listOf(actual).every((text) => listOf(expected).includes(text))
}

export function listOf(fact: Fact | undefined): readonly string[] {
  return Array.isArray(fact) ? fact.map(String) : []
}

// Verdicts and rules that kinds of several files share.

export const gone: ImpactVerdict = ['breaks', 'code that uses it fails']
export const unused: ImpactVerdict = ['harmless', 'this build does not use it']
export const queriesFail: ImpactVerdict = ['breaks', 'queries on it fail']
export const otherOrder: ImpactVerdict = ['weakens', 'values are sorted and compared differently']
export const otherDefault: ImpactVerdict = ['weakens', 'rows inserted without a value get a different one']
export const otherParameters: ImpactVerdict = [
  'slows',
  'space, vacuum or planning follow different parameters',
]
export const otherAccessMethod: ImpactVerdict = ['weakens', 'what its storage can do, and how fast, differs']

export const validityRule: ImpactRule<FactChange> = {
  cases: [['it is not valid', isNow(false), ['weakens', 'existing rows were never checked']]],
  otherwise: ['harmless', 'it has been validated since'],
}

/** The default of a domain, or of a view's columns. */
export const plainDefaultRule: ImpactRule<FactChange> = {
  cases: [['it is gone', isGone, ['weakens', 'rows inserted without a value get null']]],
  otherwise: otherDefault,
}

/** A sequence, also that of an identity column. */
export const unloggedSequenceRule: ImpactRule<FactChange> = {
  cases: [['it is unlogged', isNow(true), ['weakens', 'after a crash it generates the same numbers again']]],
  otherwise: ['harmless', 'it survives a crash'],
}
