import { countKinds, type Catalog } from './catalog.js'
import { compareHistory, type History, type Position, type Recorded } from './history.js'
import { assessImpact, type Finding, type Impact, worstImpact } from './impact.js'
import { compareWithin, defaultScope, type Ignored, type Scope } from './scope.js'
import { promisedAt, type Snapshot } from './snapshot.js'

/** The operator's answer for each situation that has more than one. */
export interface Policy {
  readonly onBehind: 'migrate' | 'refuse' | 'warn'
  readonly onDrift: 'refuse' | 'warn'
  readonly onAhead: 'judge' | 'warn' | 'refuse'
  readonly onUnverified: 'warn' | 'refuse'
  readonly refuseBy: 'exit'
}

/** The live catalog against the promise at the current revision, or why that could not be done. */
export type Verification =
  | { readonly status: 'unverified'; readonly why: string }
  | {
      readonly status: 'verified'
      readonly findings: readonly Finding[]
      /** The differences that are meant, by the pattern that says so. */
      readonly ignored: readonly Ignored[]
      /** How many promised objects of each kind were compared. */
      readonly compared: Readonly<Record<string, number>>
    }

/** How the database stands to this build. */
export interface Assessment {
  readonly history: History
  readonly verification: Verification
}

/** Everything that can be the case and has a consequence. A new one does not compile until `answers` has its answer. */
export type Situation =
  'foreign' | 'unmanaged' | 'diverged' | 'ahead' | 'behind' | 'drift' | 'slower' | 'unverified'

export type Action = 'serve' | 'warn' | 'refuse'

/** What to do, and because of which situations, the gravest first. */
export interface Decision {
  readonly action: Action
  readonly situations: readonly { readonly situation: Situation; readonly action: Action }[]
}

export interface Evidence {
  /** The revisions of this build, in order. */
  readonly build: readonly string[]
  readonly recorded: Recorded
  readonly live: Catalog
  readonly snapshot: Snapshot | null
  /** What is compared. Default: all but comments and grants. */
  readonly scope?: Scope
  /** Why it could not be told whether a difference is more than other words, by object key. */
  readonly unrendered?: Readonly<Record<string, string>>
}

const answers: Readonly<Record<Situation, (policy: Policy, assessment: Assessment) => Action>> = {
  foreign: () => 'refuse',
  unmanaged: () => 'refuse',
  diverged: () => 'refuse',
  ahead: ({ onAhead }, assessment) => (onAhead === 'judge' ? judge(assessment) : onAhead),
  behind: ({ onBehind }) => (onBehind === 'warn' ? 'warn' : 'refuse'),
  drift: ({ onDrift }) => onDrift,
  slower: () => 'warn',
  unverified: ({ onUnverified }) => onUnverified,
}

/** Position and verification from what was read. An ahead database is verified against this build's head. */
export function assess({ build, recorded, live, snapshot, ...how }: Evidence): Assessment {
  const { scope = defaultScope, unrendered = {} } = how
  const history = compareHistory(build, recorded)
  if (snapshot === null)
    return { history, verification: { status: 'unverified', why: 'there is no snapshot' } }
  const promised = promisedAt(snapshot, history.applied)
  const { expected, kept, ignored } = compareWithin(promised, live, { scope })
  const findings = kept.map((found) => {
    const finding = assessImpact(found, expected)
    const why = unrendered[found.key]
    return why === undefined ? finding : { ...finding, reason: `${finding.reason}; ${why}` }
  })
  const compared = countKinds(Object.keys(expected))
  return { history, verification: { status: 'verified', findings, ignored, compared } }
}

/** The gate's decision: a pure function of position, differences and policy. */
export function decide(assessment: Assessment, policy: Policy): Decision {
  const situations = situationsOf(assessment).map((situation) => ({
    situation,
    action: answers[situation](policy, assessment),
  }))
  const actions = situations.map(({ action }) => action)
  const action = actions.includes('refuse') ? 'refuse' : actions.includes('warn') ? 'warn' : 'serve'
  return { action, situations }
}

/** Findings of a verification, none where nothing could be verified. */
export function findingsOf({ verification }: Assessment): readonly Finding[] {
  return verification.status === 'verified' ? verification.findings : []
}

/** What was left out on purpose, nothing where nothing could be verified. */
export function ignoredBy({ verification }: Assessment): readonly Ignored[] {
  return verification.status === 'verified' ? verification.ignored : []
}

function situationsOf(assessment: Assessment): readonly Situation[] {
  const placed = places[assessment.history.position]
  const unverified: readonly Situation[] =
    assessment.verification.status === 'unverified' ? ['unverified'] : []
  const judged = placed.includes('ahead') || placed.includes('foreign') || placed.includes('unmanaged')
  return [...placed, ...(judged ? [] : driftOf(assessment)), ...unverified]
}

const places: Readonly<Record<Position, readonly Situation[]>> = {
  current: [],
  empty: ['behind'],
  behind: ['behind'],
  ahead: ['ahead'],
  diverged: ['diverged'],
  foreign: ['foreign'],
  unmanaged: ['unmanaged'],
}

const drifts: Readonly<Record<Impact, readonly Situation[]>> = {
  breaks: ['drift'],
  weakens: ['drift'],
  slows: ['slower'],
  harmless: [],
}

function driftOf(assessment: Assessment): readonly Situation[] {
  const worst = worstImpact(findingsOf(assessment))
  return worst === null ? [] : drifts[worst]
}

function judge(assessment: Assessment): Action {
  const worst = worstImpact(findingsOf(assessment))
  return worst === 'breaks' || worst === 'weakens' ? 'refuse' : 'warn'
}
