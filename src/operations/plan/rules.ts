import { type DesignRuleName, designRules } from '../observe/design-rules.js'
import { eventRules, type EventRuleName } from './event-rules.js'
import type { RuleMatch, RuleText } from '../observe/rule.js'

/** The name of a rule, which `--allow`, `--refuse` and comments take. */
export type RuleName = DesignRuleName | EventRuleName

/** The rules of `plan`. */
export const planRules: Readonly<Record<RuleName, RuleText>> = { ...designRules, ...eventRules }

export const ruleNames: readonly string[] = Object.keys(planRules)

function isRuleName(name: string): name is RuleName {
  return Object.hasOwn(planRules, name)
}

/** The rule of a name that may be that of something else. */
export function findRule(name: string): RuleText | undefined {
  return isRuleName(name) ? planRules[name] : undefined
}

/** A rule that a revision does not follow, as it is told. */
export interface AppliedRule extends RuleMatch<RuleName> {
  readonly kind: RuleText['kind']
  /** Whether the exit code counts it. */
  readonly refused: boolean
  readonly text: string
  readonly safer: string
}

/** Which rules are allowed and which are refused by name; what a comment allows, is allowed in any case. */
export interface RuleChoice {
  readonly allowed: ReadonlySet<string>
  readonly refused: ReadonlySet<string>
  readonly byComment: ReadonlySet<string>
}

/** What was found, as it is told with this choice. */
export function applyRules(
  matches: readonly RuleMatch<RuleName>[],
  { allowed, refused, byComment }: RuleChoice,
): readonly AppliedRule[] {
  return matches.map(({ rule, what, ...place }) => {
    const { kind, finds, because, safer } = planRules[rule]
    const isRefused = refused.has(rule) || (kind === 'hazard' && !allowed.has(rule))
    const applied = { rule, what, ...place, kind, text: `${what} ${finds}: ${because}`, safer }
    return { ...applied, refused: isRefused && !byComment.has(rule) }
  })
}
