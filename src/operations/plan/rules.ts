import { designRules } from './design-rules.js'
import { eventRules } from './event-rules.js'
import type { RuleMatch, RuleText } from './rule.js'

/** The rules of `plan` by the names that `--allow`, `--refuse` and comments take. */
export const planRules: Readonly<Record<string, RuleText>> = { ...designRules, ...eventRules }

export const ruleNames: readonly string[] = Object.keys(planRules)

/** A rule that a revision does not follow, as it is told. */
export interface AppliedRule extends RuleMatch {
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
  matches: readonly RuleMatch[],
  { allowed, refused, byComment }: RuleChoice,
): readonly AppliedRule[] {
  return matches.flatMap(({ rule, what }) => {
    const text = planRules[rule]
    if (text === undefined) return []
    const { kind, finds, because, safer } = text
    const isRefused = refused.has(rule) || (kind === 'hazard' && !allowed.has(rule))
    const applied = { rule, what, kind, text: `${what} ${finds}: ${because}`, safer }
    return [{ ...applied, refused: isRefused && !byComment.has(rule) }]
  })
}
