import { findingsOf } from '../core/decision.js'
import { type Finding, impacts, worstImpact } from '../core/impact.js'
import { count, describeCounts, describeDifference } from '../core/words.js'
import type { ExitCode } from '../errors.js'
import { describeAddress } from '../postgres/address.js'
import { refusal } from '../situations.js'
import { staleError } from '../snapshot.js'
import { withWorkspace } from '../workspace.js'
import { assessmentDocument } from './assessment-document.js'
import type { CommandResult, Run } from './command.js'
import { look, type Looked } from './look.js'

/** `schemagate verify`: every difference from the promise at the current revision. Reads only. */
export const run: Run = async (context): Promise<CommandResult> => {
  const { config, report } = context
  return withWorkspace({ config, report }, async (workspace) => {
    const looked = await look(workspace, context)
    if (looked.stale.length > 0) throw staleError(workspace, looked.stale)
    refuseUnverifiable(looked, config.target)
    const findings = findingsOf(looked.assessment)
    return {
      exit: exitFor(looked, findings),
      text: describe(looked, findings),
      document: assessmentDocument(looked, config),
    }
  })
}

/** What a newer build changed is not drift. */
function exitFor({ assessment }: Looked, findings: readonly Finding[]): ExitCode {
  const worst = worstImpact(findings)
  if (worst !== 'breaks' && worst !== 'weakens') return 0
  return assessment.history.position === 'ahead' ? 5 : 4
}

/** "Could not check" is never "ok". */
function refuseUnverifiable({ assessment, inspection }: Looked, environment: string): void {
  const { position } = assessment.history
  const situation =
    position === 'foreign' || position === 'unmanaged'
      ? position
      : assessment.verification.status === 'unverified'
        ? 'unverified'
        : null
  if (situation === null) return
  const decision = { action: 'refuse', situations: [{ situation, action: 'refuse' }] } as const
  const where = { database: describeAddress(inspection.database), environment }
  throw refusal(decision, assessment, { where, consequence: 'Nothing was verified.' })
}

function describe({ assessment, inspection }: Looked, findings: readonly Finding[]): string {
  const { history, verification } = assessment
  const compared = verification.status === 'verified' ? describeCounts(verification.compared) : 'nothing'
  const head = `${describeAddress(inspection.database)} at ${history.current ?? 'no revision'} (${history.position})`
  const groups = impacts.flatMap((impact) =>
    describeGroup(
      impact,
      findings.filter((finding) => finding.impact === impact),
    ),
  )
  const verdict = findings.length === 0 ? 'as promised' : count(findings.length, 'difference')
  return [head, ...groups, `verified ${compared}: ${verdict}`].join('\n\n')
}

function describeGroup(impact: string, findings: readonly Finding[]): readonly string[] {
  if (findings.length === 0) return []
  const entries = findings.map((finding) => {
    const [first = '', ...rest] = describeDifference(finding)
    return [`  ${first}`, ...rest.map((line) => `  ${line}`), `    ${finding.reason}`].join('\n')
  })
  return [[impact, ...entries].join('\n')]
}
