import {
  type Assessment,
  findingsOf,
  ignoredDifferencesOf,
  notesOf,
  wrongDatabaseReason,
} from '../core/history/decision.js'
import { countUnpromisedSchemas } from '../core/impact/unpromised-schemas.js'
import { countIgnored } from '../core/model/scope.js'
import type { ProgressReporter } from '../core/progress/events.js'
import type { CheckedDatabase } from './assess.js'
import { describeDecision } from './situations/refusal.js'

type ReportedDatabase = Pick<CheckedDatabase, 'unchangedSince' | 'assessment' | 'decision'>

/** Reports what was verified and what was decided, and whether the process acts on it. */
export function reportOutcome(
  { unchangedSince, assessment, decision }: ReportedDatabase,
  report: ProgressReporter,
  consequence: 'as decided' | 'goes on serving' = 'as decided',
): void {
  const { verification } = assessment
  if (verification.status === 'verified' && isOwnDatabase(assessment)) {
    const { findings, unpromised } = countUnpromisedSchemas(findingsOf(assessment))
    report({
      event: 'verified',
      compared: verification.compared,
      differences: findings.length,
      ignored: countIgnored(ignoredDifferencesOf(assessment)),
      unchangedSince,
      ...(Object.keys(unpromised).length === 0 ? {} : { unpromised }),
    })
  }
  for (const text of notesOf(assessment)) report({ event: 'note', text })
  report({ event: 'decided', decision, consequence, lines: describeDecision(decision, assessment) })
}

/** Of a database that is not this build's, a comparison says nothing. */
function isOwnDatabase(assessment: Assessment): boolean {
  const { position, models } = assessment.history
  return wrongDatabaseReason(assessment) === null && (position !== 'unmanaged' || models !== undefined)
}
