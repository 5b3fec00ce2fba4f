import { diff } from '../../core/model/diff.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import { hazardName } from '../../ddl/hazards/allowed-hazards.js'
import type { Hazard } from '../../ddl/statement.js'
import type { TaskControl } from '../../gate/assess.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { readBriefly } from '../../postgres/inspect/read-briefly.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { findSnapshot } from '../../snapshot/find.js'
import type { ProjectWorkspace } from '../../workspace.js'
import { askTarget, type DataAnswer } from './ask-target.js'
import type { FailedRevision } from '../observe/observation.js'
import { observePending } from '../observe/observe-pending.js'
import { failureMatches } from './event-matches.js'
import type { AnsweredRevision, PendingPlan } from './pending-plan.js'
import { type PlannedRevision, planRevisions, planStatement } from './planned-revision.js'
import { proveChanges } from '../proof/prove-changes.js'
import { type AppliedRule, applyRules } from './rules.js'
import type { ProveChange } from './safer-way.js'
import { isTooSmall, describeSpace, rewriteSpaces } from './rewrite-space.js'
import { readTargetLoad, type TargetLoad, unknownLoad } from './target-load.js'

/** Where a plan begins, and what is allowed. */
export interface PlanRequest {
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  /** The names of hazards that are allowed. */
  readonly allowed: ReadonlySet<string>
  /** The names of rules that are refused, also where they only advise. */
  readonly refused: ReadonlySet<string>
  /** The database that is asked; null to ask none. */
  readonly target: Connection | null
}

/**
 * Runs the pending revisions in a scratch database, sees what each statement does, and asks the database how large the tables
 * are and whether its rows allow it. Reads of the database only. Throws what a replay throws before the first of them, and
 * SCHEMA_USAGE for a comment in a migration that allows no hazard.
 */
export async function planPending(
  workspace: ProjectWorkspace,
  request: PlanRequest,
  { report, signal }: TaskControl,
): Promise<PendingPlan> {
  const { project, migrations, config } = workspace
  const known = new Set([...request.applied, ...request.pending])
  const observation = await observePending({
    scratch: await findScratch(workspace.scratch),
    project,
    migrations: migrations.filter(({ revision }) => known.has(revision)),
    pending: new Set(request.pending),
    lockTimeout: config.migrations.lockTimeout,
    snapshot: await snapshotOf(workspace, request.applied),
    report,
    signal,
  })
  const { allowed, refused } = request
  const planned = await planRevisions(observation, {
    migrations,
    scope: config.verify.scope,
    allowed,
    prove: proveWith(workspace, observation.major),
    refused,
  })
  const asked = await ask(request.target, planned)
  const revisions = planned.map(({ questions, ...found }) => {
    const revision = { ...found, rules: withoutEmptyTables(found.rules, asked.load) }
    const answers = asked.answers.filter(({ question }) => questions.includes(question))
    const answered = withAnswers(
      revision,
      answers.map(({ answer }) => answer),
      allowed,
    )
    return withSpaces(answered, asked.load, allowed)
  })
  return { revisions, failed: failureOf(observation.failed, request), observation, load: asked.load }
}

function proveWith(workspace: ProjectWorkspace, major: number): ProveChange {
  return (from, to) => {
    const differences = diff(to, from)
    const goal = { from, to, differences, undetermined: {}, printedBy: major, major, isLive: false }
    return proveChanges(goal, workspace, 'any')
  }
}

/** The promise of the applied revisions; null where there are none, or the snapshot lacks one of them. */
async function snapshotOf(workspace: ProjectWorkspace, applied: readonly string[]): Promise<Snapshot | null> {
  const found = await findSnapshot(workspace)
  if (found === null || applied.length === 0) return null
  const snapshot = found.parse()
  const revisions = snapshot.revisions.filter(({ revision }) => applied.includes(revision))
  return revisions.length === applied.length ? { ...snapshot, revisions } : null
}

interface AskedTarget {
  readonly load: TargetLoad
  readonly answers: readonly {
    readonly question: PlannedRevision['questions'][number]
    readonly answer: DataAnswer
  }[]
}

async function ask(target: Connection | null, planned: readonly PlannedRevision[]): Promise<AskedTarget> {
  if (target === null) return { load: unknownLoad, answers: [] }
  const questions = planned.flatMap((revision) => revision.questions)
  const hazards = planned.flatMap(({ statements }) => statements.flatMap((statement) => statement.hazards))
  const asking = planned.flatMap(({ rules }) => rules.flatMap(({ table }) => table ?? []))
  return withClient(target, (client) =>
    readBriefly(client, async () => {
      const load = await readTargetLoad(client, { hazards, tables: asking })
      const answers = await askTarget(client, questions)
      return {
        load,
        answers: questions.flatMap((question, index) => {
          const answer = answers[index]
          return answer === undefined ? [] : [{ question, answer }]
        }),
      }
    }),
  )
}

/** Rows that may not allow a revision, and rows that could not be asked, are a hazard; rows that do allow it end one. */
function withAnswers(
  { notAllowed, ...revision }: Omit<PlannedRevision, 'questions'>,
  answers: readonly DataAnswer[],
  allowed: ReadonlySet<string>,
): Omit<AnsweredRevision, 'spaces'> {
  const deciding = answers.filter(({ effect }) => effect === 'fails' || effect === 'may fail')
  const isRefuted = deciding.length > 0 && deciding.every(({ found }) => found === 0)
  const kept = notAllowed.filter(({ hazard }) => hazard !== 'may fail' || !isRefuted)
  const doubtful = deciding.filter(
    ({ found, effect }) => found === null || (found > 0 && effect === 'may fail'),
  )
  const changed = answers.filter(({ found, effect }) => effect === 'alters' && found !== 0)
  const more = [
    ...doubtful.map(({ table, about }): Hazard => ({
      hazard: 'may fail',
      when: `the rows do not allow it: ${about}`,
      table,
    })),
    ...changed.map(({ about, rows }): Hazard => ({ hazard: 'data loss', what: `${about}: ${rows}` })),
  ]
  const statements = revision.statements.map((statement) =>
    isRefuted
      ? { ...statement, hazards: statement.hazards.filter(({ hazard }) => hazard !== 'may fail') }
      : statement,
  )
  const refused = more.filter((hazard) => !isAccepted(hazard, revision, allowed))
  return { ...revision, statements, notAllowed: [...kept, ...refused], answers }
}

/** A rewrite that does not fit on the disk is a hazard. */
function withSpaces(
  revision: Omit<AnsweredRevision, 'spaces'>,
  load: TargetLoad,
  allowed: ReadonlySet<string>,
): AnsweredRevision {
  const spaces = rewriteSpaces(
    revision.statements.flatMap(({ hazards }) => hazards),
    load,
  )
  const more = spaces
    .filter(isTooSmall)
    .map((space): Hazard => ({ hazard: 'may fail', when: `the disk is full: ${describeSpace(space)}` }))
  const refused = more.filter((hazard) => !isAccepted(hazard, revision, allowed))
  return { ...revision, notAllowed: [...revision.notAllowed, ...refused], spaces }
}

function isAccepted(
  hazard: Hazard,
  revision: Pick<PlannedRevision, 'allowed'>,
  allowed: ReadonlySet<string>,
): boolean {
  const name = hazardName(hazard)
  return allowed.has(name) || revision.allowed.some((each) => each.hazard === name)
}

function failureOf(failed: FailedRevision | null, choice: PlanRequest): PendingPlan['failed'] {
  if (failed === null) return null
  const { revision, statements, error } = failed
  const rules = applyRules(failureMatches(failed), { ...choice, byComment: new Set() })
  return { revision, error, rules, statements: statements.map((each) => planStatement(each, revision, [])) }
}

/** Not what matters only for rows that the table does not have. */
function withoutEmptyTables(rules: readonly AppliedRule[], { sizes }: TargetLoad): readonly AppliedRule[] {
  return rules.filter(({ table }) => table === undefined || sizes.get(table)?.rows !== 0)
}
