import { hazardName } from '../../ddl/hazards/allowed-hazards.js'
import { explainHazard } from '../../ddl/plan/runbook.js'
import type { Hazard } from '../../ddl/statement.js'
import { type AnsweredRevision, fatalAnswers, type PendingPlan } from './pending-plan.js'

/** The place where a plan begins, in words, and its revision. */
export interface PlanPlace {
  readonly where: string
  readonly current: string | null
}

/** A plan for `--json`. */
export function planDocument(plan: PendingPlan, { current }: PlanPlace, pending: readonly string[]) {
  const { revisions, failed, observation, load } = plan
  return {
    current,
    pending,
    postgres: observation.major,
    start: observation.start,
    connectedByItself: observation.hasConnected,
    longTransactions: load.longTransactions,
    tables: Object.fromEntries(load.sizes),
    failed: failed === null ? null : { ...failed, error: failed.error.message },
    revisions: revisions.map((revision) => revisionDocument(revision, plan)),
  }
}

function revisionDocument(revision: AnsweredRevision, { load }: PendingPlan) {
  const describe = (hazard: Hazard) => ({
    ...hazard,
    name: hazardName(hazard),
    text: explainHazard(hazard, revision, load.sizes),
  })
  return {
    ...revision,
    fails: fatalAnswers(revision).length > 0,
    notAllowed: revision.notAllowed.map(describe),
    statements: revision.statements.map((statement) => ({
      ...statement,
      hazards: statement.hazards.map(describe),
    })),
  }
}
