import { findingsOf, notesOf } from '../../core/history/decision.js'
import { type Finding, type Impact, impacts } from '../../core/impact/assess-impact.js'
import { countUnpromisedSchemas } from '../../core/impact/unpromised-schemas.js'
import { describeDifference } from '../../core/model/describe.js'
import { toPrintable } from '../../core/text/printable.js'
import type { AssessedDatabase } from '../../gate/assess.js'
import { describeBuiltFrom } from '../../gate/situations/models.js'
import { describeDecision } from '../../gate/situations/refusal.js'

/** Database, revisions, verification and decision for `--json` of every command. `target` is the environment. */
export function assessmentDocument(
  { inspection, unchangedSince, assessment, decision }: AssessedDatabase,
  target: string,
) {
  const { position, current, head, pending, unknown, models } = assessment.history
  const { verification } = assessment
  return {
    database: {
      ...inspection.database,
      environment: target,
      server: inspection.serverVersion,
      identity: inspection.identity,
    },
    revision: {
      position,
      current,
      head,
      pending,
      unknown,
      changed: assessment.changed,
      ...(models === undefined ? {} : { models }),
    },
    verification:
      verification.status === 'unverified'
        ? verification
        : {
            status: findingsOf(assessment).length === 0 ? 'as promised' : 'differs',
            ...(unchangedSince === null ? {} : { unchangedSince }),
            compared: verification.compared,
            differences: verification.findings,
            unpromised: countUnpromisedSchemas(verification.findings).unpromised,
            ignored: verification.ignored,
            notes: verification.notes,
          },
    gate: { action: decision.action, reasons: describeDecision(decision, assessment) },
  }
}

/** One line for each thing that is no difference, and worth telling. */
export function describeNotes(assessment: AssessedDatabase['assessment']): readonly string[] {
  const { verification } = assessment
  return [
    ...(verification.status === 'unverified' ? [describeUnverified(verification.why)] : []),
    ...(assessment.history.models === undefined ? [] : [`note: ${describeBuiltFrom(assessment)}`]),
    ...notesOf(assessment).map((note) => `note: ${toPrintable(note)}`),
  ]
}

/** What must not be overlooked where a command succeeds although there was no promise. */
export function describeUnverified(why: string): string {
  return `WARNING: NOTHING WAS VERIFIED: ${why}.`
}

/** Findings as text: by impact, the worst first, each with its reason. */
export function describeFindings(findings: readonly Finding[]): readonly string[] {
  return findingFacts(findings).map(([impact, lines]) =>
    [impact, ...lines.map((line) => `  ${line}`)].join('\n'),
  )
}

/** Findings as facts of an error: by impact, the worst first, the lines of its findings. */
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
