import { type Finding, type Impact, impacts } from '../core/impact/assess-impact.js'
import { describeDifference } from '../core/model/describe.js'

/** Findings as people read them: by impact, the worst first, each with its reason. */
export function describeFindings(findings: readonly Finding[]): readonly string[] {
  return findingFacts(findings).map(([impact, lines]) =>
    [impact, ...lines.map((line) => `  ${line}`)].join('\n'),
  )
}

/** The same as facts of an error: by impact the lines of its findings. */
export function findingFacts(
  findings: readonly Finding[],
): readonly (readonly [impact: Impact, lines: readonly string[]])[] {
  return impacts.flatMap((impact) => {
    const group = findings.filter((finding) => finding.impact === impact)
    return group.length === 0 ? [] : [[impact, group.flatMap(describeFinding)] as const]
  })
}

function describeFinding(finding: Finding): readonly string[] {
  return [...describeDifference(finding), `  ${finding.reason}`]
}
