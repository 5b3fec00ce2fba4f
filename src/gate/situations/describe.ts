import { type Assessment, findingsOf } from '../../core/history/decision.js'
import type { Finding } from '../../core/impact/assess-impact.js'
import { isSerious } from '../../core/impact/rule.js'
import { describeDifference } from '../../core/model/describe.js'
import type { DetailLevel } from '../../core/progress/process-health.js'
import { shortenList } from '../../core/text/format.js'
import type { ErrorChoice, ErrorCode, ErrorFact } from '../../errors/schema-error.js'

/** A situation in words: the same for the error that refuses and for the warning that serves. */
export interface SituationText {
  readonly code: ErrorCode
  readonly what: (assessment: Assessment) => string
  /** More of it in one line, for the log and the notes of health; only `full` may name objects. Default: `what`. */
  readonly line?: (assessment: Assessment, detail: DetailLevel) => string
  readonly facts: (assessment: Assessment) => readonly ErrorFact[]
  readonly choices: readonly ErrorChoice[] | ((assessment: Assessment) => readonly ErrorChoice[])
}

/** The findings that break or weaken this build. */
export function seriousFindings(assessment: Assessment): readonly Finding[] {
  return findingsOf(assessment).filter(({ impact }) => isSerious(impact))
}

/** Current, head, and what is pending or unknown. */
export function revisionFacts({ history }: Assessment): readonly ErrorFact[] {
  const { current, head, pending, unknown } = history
  const lists: readonly ErrorFact[] = [
    ['pending', shortenList(pending)],
    ['unknown', shortenList(unknown)],
  ]
  return [
    ['current', current ?? 'none'],
    ['head', head ?? 'none'],
    ...lists.filter(([, list]) => list.length > 0),
  ]
}

/** The first differences, each with what it means to this build. */
export function differenceFacts(findings: readonly Finding[]): readonly ErrorFact[] {
  if (findings.length === 0) return []
  const lines = findings.slice(0, 10).flatMap((finding) => {
    const [first = '', ...rest] = describeDifference(finding)
    return [`${first}  (${finding.impact}: ${finding.reason})`, ...rest]
  })
  const more = findings.length > 10 ? [`and ${findings.length - 10} more`] : []
  return [['differences', [...lines, ...more]]]
}

/** A list within a sentence: its first three, and how many more. */
export function inlineList(items: readonly string[]): string {
  const more = items.length > 3 ? [`${items.length - 3} more`] : []
  return [...items.slice(0, 3), ...more].join(', ')
}
