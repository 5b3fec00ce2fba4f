import { type Finding, impacts } from '../core/impact.js'
import { describeDifference } from '../core/words.js'

/** Findings as people read them: by impact, the worst first, each with its reason. */
export function describeFindings(findings: readonly Finding[]): readonly string[] {
  return impacts.flatMap((impact) => {
    const group = findings.filter((finding) => finding.impact === impact)
    return group.length === 0 ? [] : [[impact, ...group.map(describeFinding)].join('\n')]
  })
}

function describeFinding(finding: Finding): string {
  const lines = describeDifference(finding).map((line) => `  ${line}`)
  return [...lines, `    ${finding.reason}`].join('\n')
}
