import type { Config } from '../../config/load.js'
import { findingsOf } from '../../core/history/decision.js'
import type { Passed } from '../../gate/gate.js'
import { describeDecision } from '../../gate/situations/refusal.js'

/** Database, revisions, verification and decision as every command's `--json` has them. */
export function assessmentDocument(
  { inspection, assessment, decision }: Omit<Passed, 'snapshot'>,
  { target }: Pick<Config, 'target'>,
) {
  const { position, current, head, pending, unknown } = assessment.history
  const { verification } = assessment
  return {
    database: {
      ...inspection.database,
      environment: target,
      server: inspection.serverVersion,
      identity: inspection.identity,
    },
    revision: { position, current, head, pending, unknown, changed: assessment.changed },
    verification:
      verification.status === 'unverified'
        ? verification
        : {
            status: findingsOf(assessment).length === 0 ? 'as promised' : 'differs',
            compared: verification.compared,
            differences: verification.findings,
            ignored: verification.ignored,
          },
    gate: { action: decision.action, reasons: describeDecision(decision, assessment) },
  }
}
