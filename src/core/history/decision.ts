import { type Finding, type Impact, worstImpact } from '../impact/assess-impact.js'
import { isSerious } from '../impact/rule.js'
import type { IgnoredDifferences } from '../model/scope.js'
import { finishSteps, type Steps } from '../text/steps.js'
import { type HistoryChange, findHistoryChanges, type MigrationTexts, applyRenames } from './file-changes.js'
import {
  compareHistory,
  type History,
  modelsHistory,
  type Position,
  type RecordedRevisions,
} from './history.js'
import { situationsOfModels } from './models-situations.js'
import { hasOtherOwner, type OtherLedger, type Ownership } from './ownership.js'
import { type Policy, type Situation, type Action, type Decision } from './policy.js'
import { type ComparedCatalogs, type Verification, verifyInSteps } from './verification.js'

/** How the database stands to this build. */
export interface Assessment {
  readonly ownership: Ownership
  readonly history: History
  /** Ledgers of others, where this project has recorded nothing yet and the database is not known to be its own. */
  readonly otherLedgers: readonly OtherLedger[]
  /** How the migrations folder changed since its revisions were recorded. */
  readonly changed: readonly HistoryChange[]
  readonly verification: Verification
}

/** What was read from a database, and what it is compared with. */
export interface AssessmentInput extends ComparedCatalogs {
  /** The revisions of this build, in order. */
  readonly build: readonly string[]
  readonly recorded: RecordedRevisions
  readonly ownership: Ownership
  /** The ledgers in the database that are not this project's. Default: none. */
  readonly otherLedgers?: readonly OtherLedger[]
  /** What the database is built from, if that is no migrations: `models:FILE`, the one revision of the snapshot. */
  readonly models?: string
  /** The texts of the migrations, now and when they were recorded. Default: not known. */
  readonly texts?: MigrationTexts
}

/** The action for each situation; the gravest situation comes first. */
const actionBySituation: Readonly<Record<Situation, (policy: Policy, assessment: Assessment) => Action>> = {
  another: () => 'refuse',
  renamed: () => 'refuse',
  edited: () => 'refuse',
  foreign: () => 'refuse',
  migrated: () => 'refuse',
  unmanaged: () => 'refuse',
  diverged: () => 'refuse',
  outOfOrder: ({ onOutOfOrder }) => (onOutOfOrder === 'refuse' ? 'refuse' : 'serve'),
  deleted: ({ onAhead }, assessment) => (onAhead === 'judge' ? actionWhenAhead(assessment) : onAhead),
  ahead: ({ onAhead }, assessment) => (onAhead === 'judge' ? actionWhenAhead(assessment) : onAhead),
  unverified: ({ onUnverified }) => onUnverified,
  lacksModels: ({ onBehind }) => (onBehind === 'refuse' ? 'refuse' : 'warn'),
  behind: ({ onBehind }) => (onBehind === 'warn' ? 'warn' : 'refuse'),
  drift: ({ onDrift }) => onDrift,
  differsFromModels: () => 'warn',
  slower: () => 'warn',
  editedInDoubt: () => 'warn',
  reordered: ({ onOutOfOrder }) => (onOutOfOrder === 'refuse' ? 'warn' : 'serve'),
  reworded: () => 'serve',
  fromModels: () => 'serve',
}

const situationOrder = Object.keys(actionBySituation)

/** Position and verification of what was read. A database that is ahead is verified against this build's head. */
export function assess(input: AssessmentInput): Assessment {
  return finishSteps(assessInSteps(input))
}

/** The same in steps. */
export function* assessInSteps(input: AssessmentInput): Steps<Assessment> {
  const { build, recorded, ownership, texts = null, otherLedgers = [], models } = input
  const history =
    models === undefined ? compareHistory(build, recorded) : modelsHistory(models, build, recorded)
  const changed = models === undefined ? findHistoryChanges(build, recorded.revisions, texts) : []
  const verification = yield* verifyInSteps(input, promisedRevisions({ history, changed }))
  const isNew = recorded.revisions.length === 0 && ownership.identity === null
  return { ownership, history, otherLedgers: isNew ? otherLedgers : [], changed, verification }
}

/** The revisions of this build that the database has, by their names in this build; for models their one. */
export function promisedRevisions({
  history,
  changed,
}: {
  readonly history: History
  readonly changed: readonly HistoryChange[]
}): readonly string[] {
  if (history.models !== undefined) return [history.models]
  return [...history.applied, ...changed.flatMap((found) => (found.what === 'renamed' ? [found.to] : []))]
}

/** The decision of the gate, from position, differences and policy alone. */
export function decide(assessment: Assessment, policy: Policy): Decision {
  const situations = situationsOf(assessment).map((situation) => ({
    situation,
    action: actionBySituation[situation](policy, assessment),
  }))
  return decisionOf(situations)
}

/** The decision with these situations: it does what the most serious one asks for. */
export function decisionOf(situations: Decision['situations']): Decision {
  const actions = situations.map(({ action }) => action)
  const action = actions.includes('refuse') ? 'refuse' : actions.includes('warn') ? 'warn' : 'serve'
  return { action, situations }
}

/** Situations that migrating would not resolve and could make worse; without a promise nothing proves what it did. */
const blocksMigration: ReadonlySet<Situation> = new Set([
  'renamed',
  'edited',
  'outOfOrder',
  'deleted',
  'unverified',
])

/** Whether a decision lets pending revisions be applied. */
export function mayMigrate({ situations }: Decision): boolean {
  return !situations.some(({ situation, action }) => action === 'refuse' && blocksMigration.has(situation))
}

/** The findings of a verification; none if it is unverified. */
export function findingsOf({ verification }: Assessment): readonly Finding[] {
  return verification.status === 'verified' ? verification.findings : []
}

/** What is no difference, and worth telling; nothing if it is unverified. */
export function notesOf({ verification }: Assessment): readonly string[] {
  return verification.status === 'verified' ? verification.notes : []
}

/** The differences that were left out on purpose; none if it is unverified. */
export function ignoredDifferencesOf({ verification }: Assessment): readonly IgnoredDifferences[] {
  return verification.status === 'verified' ? verification.ignored : []
}

/** Why a database must not be touched: `another` owner, or a `foreign` ledger. Null if it belongs to this service. */
export function wrongDatabaseReason({
  ownership,
  history,
  otherLedgers,
}: Assessment): 'another' | 'foreign' | null {
  if (hasOtherOwner(ownership)) return 'another'
  return history.position === 'foreign' || otherLedgers.length > 0 ? 'foreign' : null
}

/** The situations of a database, the gravest first. For a database of a different owner nothing else matters. */
function situationsOf(assessment: Assessment): readonly Situation[] {
  if (hasOtherOwner(assessment.ownership)) return ['another']
  if (assessment.history.models !== undefined) return situationsOfModels(assessment)
  const ofPosition = situationsByPosition[positionAfterRenames(assessment)]
  const changed = assessment.changed.map(situationOfChange)
  const unverified: readonly Situation[] =
    assessment.verification.status === 'unverified' ? ['unverified'] : []
  const foreign: readonly Situation[] = assessment.otherLedgers.length > 0 ? ['foreign'] : []
  const found = new Set([...ofPosition, ...foreign, ...changed, ...unverified])
  const includesDrift = (['ahead', 'deleted', 'foreign', 'unmanaged'] as const).some((each) =>
    found.has(each),
  )
  const all = [...found, ...(includesDrift ? [] : driftSituationsOf(assessment))]
  return all.toSorted((one, other) => situationOrder.indexOf(one) - situationOrder.indexOf(other))
}

/** The position that the database would have if renamed revisions were recorded under their new names. */
function positionAfterRenames({ history, changed }: Assessment): Position {
  if (!changed.some(({ what }) => what === 'renamed')) return history.position
  const { applied, pending, unknown } = history
  const build = [...applied, ...pending]
  const deleted = new Set(changed.flatMap(({ what, revision }) => (what === 'deleted' ? [revision] : [])))
  const recorded = [...applied, ...unknown.filter((revision) => !deleted.has(revision))]
  const revisions = applyRenames(recorded, changed)
  return compareHistory(build, { revisions, hasTables: true }).position
}

const situationByEdit = { same: 'reworded', another: 'edited', unknown: 'editedInDoubt' } as const

function situationOfChange(found: HistoryChange): Situation {
  if (found.what === 'edited') return situationByEdit[found.change]
  return found.what === 'out of order' ? 'outOfOrder' : found.what
}

const situationsByPosition: Readonly<Record<Position, readonly Situation[]>> = {
  current: [],
  empty: ['behind'],
  behind: ['behind'],
  ahead: ['ahead'],
  diverged: ['diverged'],
  foreign: ['foreign'],
  unmanaged: ['unmanaged'],
}

const situationsByImpact: Readonly<Record<Impact, readonly Situation[]>> = {
  breaks: ['drift'],
  weakens: ['drift'],
  slows: ['slower'],
  harmless: [],
}

function driftSituationsOf(assessment: Assessment): readonly Situation[] {
  const worst = worstImpact(findingsOf(assessment))
  return worst === null ? [] : situationsByImpact[worst]
}

function actionWhenAhead(assessment: Assessment): Action {
  const worst = worstImpact(findingsOf(assessment))
  return isSerious(worst) ? 'refuse' : 'warn'
}
