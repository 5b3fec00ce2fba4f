import { assessImpact, type Finding, type Impact, worstImpact } from '../impact/assess-impact.js'
import { countByKind, type Catalog } from '../model/catalog.js'
import { compareInScope, defaultScope, type IgnoredDifferences, type Scope } from '../model/scope.js'
import { promisedCatalogAt, type Snapshot } from '../model/snapshot.js'
import { type HistoryChange, findHistoryChanges, type MigrationTexts, applyRenames } from './file-changes.js'
import { compareHistory, type History, type Position, type RecordedRevisions } from './history.js'
import { hasOtherOwner, type Ownership } from './ownership.js'

/** The operator's answer for each situation that has more than one. */
export interface Policy {
  readonly onBehind: 'migrate' | 'refuse' | 'warn'
  readonly onDrift: 'refuse' | 'warn'
  readonly onAhead: 'judge' | 'warn' | 'refuse'
  readonly onUnverified: 'warn' | 'refuse'
  readonly onOutOfOrder: 'refuse' | 'migrate'
  readonly refuseBy: 'exit' | 'unready'
}

/** The live catalog against the promise at the current revision, or why that could not be done. */
export type Verification =
  | { readonly status: 'unverified'; readonly why: string }
  | {
      readonly status: 'verified'
      readonly findings: readonly Finding[]
      /** The differences that are meant, by the pattern that says so. */
      readonly ignored: readonly IgnoredDifferences[]
      /** How many promised objects of each kind were compared. */
      readonly compared: Readonly<Record<string, number>>
    }

/** How the database stands to this build. */
export interface Assessment {
  readonly ownership: Ownership
  readonly history: History
  /** What happened to the folder since its revisions were recorded. */
  readonly changed: readonly HistoryChange[]
  readonly verification: Verification
}

/** Everything that can be the case and has a consequence. A new one does not compile until `answers` has its answer. */
export type Situation =
  | 'another'
  | 'renamed'
  | 'edited'
  | 'foreign'
  | 'unmanaged'
  | 'diverged'
  | 'outOfOrder'
  | 'deleted'
  | 'ahead'
  | 'behind'
  | 'drift'
  | 'slower'
  | 'unverified'
  | 'editedInDoubt'
  | 'reordered'
  | 'reworded'

export type Action = 'serve' | 'warn' | 'refuse'

/** What to do, and because of which situations, the gravest first. */
export interface Decision {
  readonly action: Action
  readonly situations: readonly { readonly situation: Situation; readonly action: Action }[]
}

export interface AssessmentInput {
  /** The revisions of this build, in order. */
  readonly build: readonly string[]
  readonly recorded: RecordedRevisions
  readonly ownership: Ownership
  readonly live: Catalog
  readonly snapshot: Snapshot | null
  /** The migrations' texts now and when they were recorded. Default: nothing is known of them. */
  readonly texts?: MigrationTexts
  /** What is compared. Default: all but comments and grants. */
  readonly scope?: Scope
  /** Why it could not be told whether a difference is more than other words, by object key. */
  readonly canonicalizeFailures?: Readonly<Record<string, string>>
}

/** The gravest first. */
const actionBySituation: Readonly<Record<Situation, (policy: Policy, assessment: Assessment) => Action>> = {
  another: () => 'refuse',
  renamed: () => 'refuse',
  edited: () => 'refuse',
  foreign: () => 'refuse',
  unmanaged: () => 'refuse',
  diverged: () => 'refuse',
  outOfOrder: ({ onOutOfOrder }) => (onOutOfOrder === 'refuse' ? 'refuse' : 'serve'),
  deleted: ({ onAhead }, assessment) => (onAhead === 'judge' ? actionWhenAhead(assessment) : onAhead),
  ahead: ({ onAhead }, assessment) => (onAhead === 'judge' ? actionWhenAhead(assessment) : onAhead),
  behind: ({ onBehind }) => (onBehind === 'warn' ? 'warn' : 'refuse'),
  drift: ({ onDrift }) => onDrift,
  slower: () => 'warn',
  unverified: ({ onUnverified }) => onUnverified,
  editedInDoubt: () => 'warn',
  reordered: ({ onOutOfOrder }) => (onOutOfOrder === 'refuse' ? 'warn' : 'serve'),
  reworded: () => 'serve',
}

const situationOrder = Object.keys(actionBySituation)

/** Position and verification from what was read. An ahead database is verified against this build's head. */
export function assess({ build, recorded, ownership, live, snapshot, ...how }: AssessmentInput): Assessment {
  const { scope = defaultScope, canonicalizeFailures = {} } = how
  const history = compareHistory(build, recorded)
  const changed = findHistoryChanges({ build, recorded: recorded.revisions, texts: how.texts ?? null })
  const assessment = { ownership, history, changed }
  if (snapshot === null)
    return { ...assessment, verification: { status: 'unverified', why: 'there is no snapshot' } }
  const promised = promisedCatalogAt(snapshot, promisedRevisions(assessment))
  const { expected, differences, ignored } = compareInScope(promised, live, scope)
  const findings = differences.map((found) => {
    const finding = assessImpact(found, expected)
    const why = canonicalizeFailures[found.key]
    return why === undefined ? finding : { ...finding, reason: `${finding.reason}; ${why}` }
  })
  const compared = countByKind(Object.keys(expected))
  return { ...assessment, verification: { status: 'verified', findings, ignored, compared } }
}

/** The revisions of this build whose work is in the database, whatever they were called when they were recorded. */
export function promisedRevisions({
  history,
  changed,
}: Pick<Assessment, 'history' | 'changed'>): readonly string[] {
  return [...history.applied, ...changed.flatMap((found) => (found.what === 'renamed' ? [found.to] : []))]
}

/** The gate's decision: a pure function of position, differences and policy. */
export function decide(assessment: Assessment, policy: Policy): Decision {
  const situations = situationsOf(assessment).map((situation) => ({
    situation,
    action: actionBySituation[situation](policy, assessment),
  }))
  const actions = situations.map(({ action }) => action)
  const action = actions.includes('refuse') ? 'refuse' : actions.includes('warn') ? 'warn' : 'serve'
  return { action, situations }
}

/** What more migrations would not mend, and may make worse. */
const blocksMigration: ReadonlySet<Situation> = new Set(['renamed', 'edited', 'outOfOrder', 'deleted'])

/** Whether a decision leaves what is pending to be applied. */
export function mayMigrate({ situations }: Decision): boolean {
  return !situations.some(({ situation, action }) => action === 'refuse' && blocksMigration.has(situation))
}

/** Findings of a verification, none where nothing could be verified. */
export function findingsOf({ verification }: Assessment): readonly Finding[] {
  return verification.status === 'verified' ? verification.findings : []
}

/** What was left out on purpose, nothing where nothing could be verified. */
export function ignoredDifferencesOf({ verification }: Assessment): readonly IgnoredDifferences[] {
  return verification.status === 'verified' ? verification.ignored : []
}

/** Why nothing may be done to a database: it is not this service's. Null where nothing says so. */
export function wrongDatabaseReason({ ownership, history }: Assessment): 'another' | 'foreign' | null {
  if (hasOtherOwner(ownership)) return 'another'
  return history.position === 'foreign' ? 'foreign' : null
}

/** Of somebody else's database nothing more is this build's business. */
function situationsOf(assessment: Assessment): readonly Situation[] {
  if (hasOtherOwner(assessment.ownership)) return ['another']
  const placed = situationsByPosition[positionAfterRenames(assessment)]
  const changed = assessment.changed.map(situationOfChange)
  const unverified: readonly Situation[] =
    assessment.verification.status === 'unverified' ? ['unverified'] : []
  const found = new Set([...placed, ...changed, ...unverified])
  const judged = (['ahead', 'deleted', 'foreign', 'unmanaged'] as const).some((each) => found.has(each))
  const all = [...found, ...(judged ? [] : driftSituationsOf(assessment))]
  return all.toSorted((one, other) => situationOrder.indexOf(one) - situationOrder.indexOf(other))
}

/** What a database that only records other names would be, were they put right. */
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
  return worst === 'breaks' || worst === 'weakens' ? 'refuse' : 'warn'
}
