import { describeDifference } from '../../../core/model/describe.js'
import { hazardName } from '../../../ddl/hazards/allowed-hazards.js'
import { explainHazard } from '../../../ddl/plan/runbook.js'
import {
  type AnsweredRevision,
  fatalAnswers,
  type PendingPlan,
} from '../../../operations/plan/pending-plan.js'
import type { AppliedRule } from '../../../operations/plan/rules.js'
import { describeAnswer } from './plan-text.js'

const levels = ['error', 'warning', 'note'] as const

/** One thing that a plan says of a revision, for what shows them one by one: annotations, code scanning, test reports. */
export interface PlanFinding {
  /** The name of a hazard or of a rule, `would-fail`, `rows` or `impact`. */
  readonly id: string
  /** An error counts for the exit code; a warning is what people have to know, a note what they may. */
  readonly level: (typeof levels)[number]
  readonly text: string
  readonly revision: string
  /** From the folder of the project's package.json; null where it is not known. */
  readonly file: string | null
  readonly line: number | null
}

/** Before it is known where it is. `at` is a line of the project, `migrations/001_songs.ts:12`. */
type UnplacedFinding = Pick<PlanFinding, 'id' | 'level' | 'text'> & { readonly at: string | null }

/** The file of a revision, from the folder of its package.json; null where there is none. */
export type FileOfRevision = (revision: string) => string | null

/** What a plan says, revision by revision, in each the worst first. */
export function planFindings(plan: PendingPlan, fileOf: FileOfRevision): readonly PlanFinding[] {
  const { revisions, failed } = plan
  const found = revisions.flatMap((revision) =>
    byLevel(findingsOfRevision(revision, plan)).map((each) => locate(each, revision.revision, fileOf)),
  )
  if (failed === null) return found
  const at = failed.statements.at(-1)?.at ?? null
  const failure = { id: 'would-fail', level: 'error', text: failed.error.message, at } as const
  return [
    ...found,
    ...[failure, ...failed.rules.map(ruleFinding)].map((each) => locate(each, failed.revision, fileOf)),
  ]
}

function ruleFinding({ rule, kind, text, safer, refused }: AppliedRule): UnplacedFinding {
  const level = refused ? 'error' : kind === 'advice' ? 'note' : 'warning'
  return { id: rule, level, text: `${text}. Safer: ${safer}`, at: null }
}

function findingsOfRevision(revision: AnsweredRevision, { load }: PendingPlan): readonly UnplacedFinding[] {
  const { statements, notAllowed, rules, answers, impact } = revision
  const refused = new Set(notAllowed.map((hazard) => JSON.stringify(hazard)))
  const fatal = fatalAnswers(revision)
  return [
    ...answers
      .filter(({ found }) => found !== 0)
      .map((answer): UnplacedFinding => {
        const fails = fatal.includes(answer)
        const text = describeAnswer(answer)
        return { id: fails ? 'would-fail' : 'rows', level: fails ? 'error' : 'warning', text, at: null }
      }),
    ...statements.flatMap((statement) =>
      statement.hazards.map((hazard): UnplacedFinding => ({
        id: hazardName(hazard),
        level: refused.has(JSON.stringify(hazard)) ? 'error' : 'note',
        text: explainHazard(hazard, statement, load.sizes),
        at: statement.at,
      })),
    ),
    ...rules.map(ruleFinding),
    ...impact.map((finding): UnplacedFinding => ({
      id: 'impact',
      level: finding.impact === 'breaks' ? 'warning' : 'note',
      text: `${finding.impact} the build before: ${describeDifference(finding)[0] ?? ''}: ${finding.reason}`,
      at: null,
    })),
  ]
}

function byLevel(found: readonly UnplacedFinding[]): readonly UnplacedFinding[] {
  return levels.flatMap((level) => found.filter((each) => each.level === level))
}

function locate({ at, ...found }: UnplacedFinding, revision: string, fileOf: FileOfRevision): PlanFinding {
  const place = /^(?<file>.+?):(?<line>\d+)(?:,|$)/.exec(at ?? '')?.groups
  return {
    ...found,
    revision,
    file: place?.['file'] ?? fileOf(revision),
    line: place === undefined ? null : Number(place['line']),
  }
}
