import type { Fact, Facts } from '../model/catalog.js'

/** What a difference does to code that was built for the expected catalog, the worst first. */
export const impacts = ['breaks', 'weakens', 'slows', 'harmless'] as const

export type Impact = (typeof impacts)[number]

export type Verdict = readonly [impact: Impact, reason: string]

/** A condition in words and in code, and what follows where it holds. */
export type Case<Input> = readonly [when: string, holds: (input: Input) => boolean, verdict: Verdict]

/** What a difference means: always the same, or that of the first case that holds. */
export type Rule<Input> = Verdict | { readonly cases: readonly Case<Input>[]; readonly otherwise: Verdict }

/** A fact that differs, with all facts of the object on both sides. */
export interface FactChange {
  readonly expected: Fact | undefined
  readonly actual: Fact | undefined
  readonly was: Facts
  readonly is: Facts
}

/** What differences of one kind of object mean: the object is missing, unexpected, or has other facts. */
export interface KindRules {
  readonly missing: Rule<Facts>
  readonly unexpected: Rule<Facts>
  readonly changed: Readonly<Record<string, Rule<FactChange>>>
}

export function judge<Input>(rule: Rule<Input>, input: Input): Verdict {
  if (!('cases' in rule)) return rule
  const found = rule.cases.find(([, holds]) => holds(input))
  return found === undefined ? rule.otherwise : found[2]
}

/** A rule as rows of a table: the condition in words, null where there is none, and the verdict. */
export function casesOf<Input>(rule: Rule<Input>): readonly (readonly [when: string | null, Verdict])[] {
  if (!('cases' in rule)) return [[null, rule]]
  return [...rule.cases.map(([when, , verdict]) => [when, verdict] as const), ['otherwise', rule.otherwise]]
}

/** The verdict of most consequence, undefined without any. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict | undefined {
  return [...verdicts].sort(([one], [other]) => impacts.indexOf(one) - impacts.indexOf(other))[0]
}

export const gone: Verdict = ['breaks', 'code that uses it fails']
export const unused: Verdict = ['harmless', 'this build does not use it']

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
export function hasAll({ expected, actual }: FactChange): boolean {
  return listOf(expected).every((text) => listOf(actual).includes(text))
}

/** Whether every text of the actual list was promised. */
export function hasNoMore({ expected, actual }: FactChange): boolean {
  return listOf(actual).every((text) => listOf(expected).includes(text))
}

export function listOf(fact: Fact | undefined): readonly string[] {
  return Array.isArray(fact) ? fact.map(String) : []
}

export const validity: Rule<FactChange> = {
  cases: [['it is not valid', isNow(false), ['weakens', 'rows stored before it were never checked']]],
  otherwise: ['harmless', 'it was validated since'],
}
