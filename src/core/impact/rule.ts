import type { Fact, Facts } from '../model/catalog.js'

/** What a difference does to code that was built for the expected catalog, the worst first. */
export const impacts = ['breaks', 'weakens', 'slows', 'harmless'] as const

export type Impact = (typeof impacts)[number]

export type ImpactVerdict = readonly [impact: Impact, reason: string]

/** A condition in words and in code, and what follows where it holds. */
export type RuleCase<Input> = readonly [
  when: string,
  holds: (input: Input) => boolean,
  verdict: ImpactVerdict,
]

/** What a difference means: always the same, or that of the first case that holds. */
export type ImpactRule<Input> =
  ImpactVerdict | { readonly cases: readonly RuleCase<Input>[]; readonly otherwise: ImpactVerdict }

/** A fact that differs, with all facts of the object on both sides. */
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

export function evaluateRule<Input>(rule: ImpactRule<Input>, input: Input): ImpactVerdict {
  if (!('cases' in rule)) return rule
  const found = rule.cases.find(([, holds]) => holds(input))
  return found === undefined ? rule.otherwise : found[2]
}

/** A rule as rows of a table: the condition in words, null where there is none, and the verdict. */
export function ruleTableRows<Input>(
  rule: ImpactRule<Input>,
): readonly (readonly [when: string | null, ImpactVerdict])[] {
  if (!('cases' in rule)) return [[null, rule]]
  return [...rule.cases.map(([when, , verdict]) => [when, verdict] as const), ['otherwise', rule.otherwise]]
}

/** The verdict of most consequence, undefined without any. */
export function worstVerdict(verdicts: readonly ImpactVerdict[]): ImpactVerdict | undefined {
  return [...verdicts].sort(([one], [other]) => impacts.indexOf(one) - impacts.indexOf(other))[0]
}

export const gone: ImpactVerdict = ['breaks', 'code that uses it fails']
export const unused: ImpactVerdict = ['harmless', 'this build does not use it']

export function isNow(value: Fact): (change: FactChange) => boolean {
  return ({ actual }) => actual === value
}

export function isNew({ expected }: FactChange): boolean {
  return expected === undefined
}

export function isGone({ actual }: FactChange): boolean {
  return actual === undefined
}

/** Whether every text of the promised list is in the actual one. */
export function hasAllPromised({ expected, actual }: FactChange): boolean {
  return listOf(expected).every((text) => listOf(actual).includes(text))
}

/** Whether every text of the actual list was promised. */
export function hasOnlyPromised({ expected, actual }: FactChange): boolean {
  return listOf(actual).every((text) => listOf(expected).includes(text))
}

export function listOf(fact: Fact | undefined): readonly string[] {
  return Array.isArray(fact) ? fact.map(String) : []
}

export const validityRule: ImpactRule<FactChange> = {
  cases: [['it is not valid', isNow(false), ['weakens', 'rows stored before it were never checked']]],
  otherwise: ['harmless', 'it was validated since'],
}
