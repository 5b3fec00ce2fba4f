import type { Assessment } from '../history/decision.js'
import type { History } from '../history/history.js'
import type { Decision } from '../history/policy.js'
import type { ProcessPhase, Progress } from './events.js'
import type { Outage } from './outage.js'
import type { Activity } from './session-activity.js'

/** The process that answers. */
export interface ServiceInfo {
  readonly service: string
  readonly version: string | null
  readonly release: string | null
  readonly environment: string
  readonly instance: string
}

/** What was last read from the database, and the decision on it. */
export interface CheckResult {
  readonly assessment: Assessment
  readonly decision: Decision
  readonly notes: Readonly<Record<DetailLevel, readonly string[]>>
  readonly database: {
    readonly address: string
    readonly name: string
    readonly server: string
    /** The id of its identity; null if none is recorded yet. */
    readonly id: string | null
  }
  /** ISO 8601. */
  readonly checkedAt: string
  /** ISO 8601; null where the catalog was read. */
  readonly unchangedSince: string | null
  /** Whether there are serious differences that the gate had not accepted when it opened. */
  readonly drifted: boolean
  /** Whether requests are to be answered from it. */
  readonly servable: boolean
}

/** Why the gate does not open. */
export interface GateRefusal {
  readonly code: string
  /** What the code means, without names from the database. */
  readonly meaning: string
  readonly message: string
  readonly facts: Readonly<Record<string, string | readonly string[]>>
  readonly choices: readonly { readonly act: string; readonly effect: string }[]
  /** ISO 8601. */
  readonly since: string
}

/** The revision that is being applied. */
export interface RunningRevision {
  readonly revision: string
  readonly number: number
  readonly total: number
  /** ISO 8601. */
  readonly since: string
  /** Null until it is read for the first time. */
  readonly activity: Activity | null
}

/** Everything that the health routes answer, kept in memory. */
export interface HealthState {
  readonly serviceInfo: ServiceInfo
  readonly phase: ProcessPhase
  readonly migrating: RunningRevision | null
  /** Whether the gate has opened once. */
  readonly opened: boolean
  /** From the last inspection; null before the first. */
  readonly inspected: History | null
  readonly lastCheck: CheckResult | null
  readonly outage: Outage | null
  readonly refusal: GateRefusal | null
}

export type HealthStatus = 'pass' | 'warn' | 'fail'

/** What a caller may see. Anonymous callers see `public`: status, revisions and counts. */
export type DetailLevel = 'public' | 'full'

const phaseByEvent: Readonly<Partial<Record<Progress['event'], ProcessPhase>>> = {
  connecting: 'connecting',
  'waiting for database': 'connecting',
  inspected: 'inspecting',
  replaying: 'replaying',
  'waiting for lock': 'waiting for the lock',
  'revision started': 'migrating',
  'model added': 'migrating',
  built: 'verifying',
  seeded: 'seeding',
  migrated: 'verifying',
  draining: 'draining',
}

const checkingPhases: ReadonlySet<ProcessPhase> = new Set([
  'connecting',
  'inspecting',
  'replaying',
  'verifying',
])

/** The state of a process that has just started. */
export function initialHealth(serviceInfo: ServiceInfo): HealthState {
  return {
    serviceInfo,
    phase: 'starting',
    migrating: null,
    opened: false,
    inspected: null,
    lastCheck: null,
    outage: null,
    refusal: null,
  }
}

/** The state after a piece of progress. `now` is ISO 8601. */
export function advanceHealth(state: HealthState, progress: Progress, now: string): HealthState {
  const phase =
    state.opened && progress.event !== 'draining' ? state.phase : (phaseAfter(state, progress) ?? state.phase)
  return {
    ...state,
    phase,
    inspected: historyAfter(state.inspected, progress),
    migrating: phase === 'migrating' ? runningRevisionAfter(state.migrating, progress, now) : null,
  }
}

/** Returns the same object if nothing changed, so that no new document is rendered. */
function historyAfter(known: History | null, progress: Progress): History | null {
  if (progress.event !== 'inspected') return known
  return JSON.stringify(known) === JSON.stringify(progress.history) ? known : progress.history
}

/** A gate that refused stays `refused` while it checks again, and leaves that phase only when it migrates. */
function phaseAfter({ refusal }: HealthState, { event }: Progress): ProcessPhase | undefined {
  const phase = phaseByEvent[event]
  return refusal !== null && phase !== undefined && checkingPhases.has(phase) ? 'refused' : phase
}

/** Whether the startup probe passes: the gate has opened once. */
export function isStarted({ opened }: HealthState): boolean {
  return opened
}

/** Whether the readiness probe passes. */
export function isReady(state: HealthState): boolean {
  return (
    state.opened &&
    state.phase === 'serving' &&
    state.outage?.kind !== 'database' &&
    state.lastCheck?.servable === true
  )
}

/** The status of the health document. */
export function healthStatusOf({ opened, refusal, outage, lastCheck }: HealthState): HealthStatus {
  if (!opened || refusal !== null || outage !== null || lastCheck === null || lastCheck.drifted) return 'fail'
  return ({ serve: 'pass', warn: 'warn', refuse: 'fail' } as const)[lastCheck.decision.action]
}

/** The running revision after a piece of progress; the same object if nothing changed. */
function runningRevisionAfter(
  running: RunningRevision | null,
  progress: Progress,
  now: string,
): RunningRevision | null {
  if (progress.event === 'revision started') {
    const { revision, number, total } = progress
    return { revision, number, total, since: now, activity: null }
  }
  if (progress.event === 'revision running') return withActivity(running, progress.activity)
  if (progress.event !== 'revision blocked') return running
  const { blockers } = progress
  return withActivity(running, { known: true, statement: null, work: null, waits: 'a lock', blockers })
}

function withActivity(running: RunningRevision | null, activity: Activity): RunningRevision | null {
  if (running === null || JSON.stringify(running.activity) === JSON.stringify(activity)) return running
  return { ...running, activity }
}
