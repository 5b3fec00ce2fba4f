import type { DataAnswer } from './ask-target.js'
import type { PendingObservation } from '../observe/observation.js'
import type { PlannedRevision, PlannedStatement } from './planned-revision.js'
import type { RewriteSpace } from './rewrite-space.js'
import type { AppliedRule } from './rules.js'
import type { TargetLoad } from './target-load.js'

/** A planned revision, and what the rows of the database say to it. */
export type AnsweredRevision = Omit<PlannedRevision, 'questions'> & {
  readonly answers: readonly DataAnswer[]
  /** What its rewrites need on disks. */
  readonly spaces: readonly RewriteSpace[]
}

/** What the pending revisions would do. */
export interface PendingPlan {
  readonly revisions: readonly AnsweredRevision[]
  /** The revision that fails in a scratch database, and its statements up to there; null where none does. */
  readonly failed: {
    readonly revision: string
    readonly statements: readonly PlannedStatement[]
    readonly error: Error
    /** The rules that say what to do instead. */
    readonly rules: readonly AppliedRule[]
  } | null
  readonly observation: Pick<PendingObservation, 'start' | 'major' | 'hasConnected'>
  readonly load: TargetLoad
}

/** The rows of the database for which a revision fails. */
export function fatalAnswers({ answers }: AnsweredRevision): readonly DataAnswer[] {
  return answers.filter(({ effect, found }) => effect === 'fails' && found !== null && found > 0)
}

/** 7 where a revision would fail, 4 where one has a hazard that is not allowed, or does not follow a rule that is refused. */
export function planExit({ revisions, failed }: PendingPlan): 0 | 4 | 7 {
  if (failed !== null || revisions.some((revision) => fatalAnswers(revision).length > 0)) return 7
  const isRefused = ({ notAllowed, rules }: AnsweredRevision): boolean =>
    notAllowed.length > 0 || rules.some(({ refused }) => refused)
  return revisions.some(isRefused) ? 4 : 0
}
