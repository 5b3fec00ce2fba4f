import { type Assessment, type Decision, findingsOf } from '../history/decision.js'
import { type History, summarizeHistory } from '../history/history.js'
import type { Finding } from '../impact/assess-impact.js'
import { parseKey } from '../model/catalog.js'
import { countIgnored, type IgnoredDifferences } from '../model/scope.js'
import { pluralOfKind } from '../text/format.js'
import type { ProcessPhase, Progress } from './events.js'
import { describeOutage, type Outage } from './outage.js'
import { type RunningRevision, runningRevisionAfter, viewRunningRevision } from './running-migration.js'

/** Who answers. */
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
    /** Its own id, null where it has none yet. */
    readonly id: string | null
  }
  /** ISO 8601. */
  readonly checkedAt: string
  /** Differences that matter and that the gate had not accepted when it opened. */
  readonly drifted: boolean
}

/** Why the gate does not open. */
export interface GateRefusal {
  readonly code: string
  /** What the code means, without a name of anything. */
  readonly meaning: string
  readonly message: string
  readonly facts: Readonly<Record<string, string | readonly string[]>>
  readonly choices: readonly { readonly act: string; readonly effect: string }[]
  /** ISO 8601. */
  readonly since: string
}

/** Everything the health routes say, kept in memory. */
export interface HealthState {
  readonly serviceInfo: ServiceInfo
  readonly phase: ProcessPhase
  readonly migrating: RunningRevision | null
  /** Whether the gate has opened once. */
  readonly opened: boolean
  /** As it was last inspected; null before that. */
  readonly inspected: History | null
  readonly lastCheck: CheckResult | null
  readonly outage: Outage | null
  readonly refusal: GateRefusal | null
}

export type HealthStatus = 'pass' | 'warn' | 'fail'

/** What a caller may see: anonymous callers see status, revisions and counts. */
export type DetailLevel = 'public' | 'full'

const phaseByEvent: Readonly<Partial<Record<Progress['event'], ProcessPhase>>> = {
  connecting: 'connecting',
  'waiting for database': 'connecting',
  inspected: 'inspecting',
  replaying: 'replaying',
  'waiting for lock': 'waiting for the lock',
  'revision started': 'migrating',
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

export function initialHealth(identity: ServiceInfo): HealthState {
  return {
    serviceInfo: identity,
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

/** The same object where nothing changed. */
function historyAfter(known: History | null, progress: Progress): History | null {
  if (progress.event !== 'inspected') return known
  return JSON.stringify(known) === JSON.stringify(progress.history) ? known : progress.history
}

/** A gate that refused and only looks again is no further than it was; one that migrates is. */
function phaseAfter({ refusal }: HealthState, { event }: Progress): ProcessPhase | undefined {
  const phase = phaseByEvent[event]
  return refusal !== null && phase !== undefined && checkingPhases.has(phase) ? 'refused' : phase
}

/** Whether the startup probe passes: the gate opened once. */
export function isStarted({ opened }: HealthState): boolean {
  return opened
}

/** Whether the readiness probe passes. */
export function isReady(state: HealthState): boolean {
  return (
    state.opened &&
    state.phase === 'serving' &&
    state.outage === null &&
    state.lastCheck?.decision.action !== 'refuse'
  )
}

export function healthStatusOf({ opened, refusal, outage, lastCheck }: HealthState): HealthStatus {
  if (!opened || refusal !== null || outage !== null || lastCheck === null || lastCheck.drifted) return 'fail'
  return ({ serve: 'pass', warn: 'warn', refuse: 'fail' } as const)[lastCheck.decision.action]
}

/** The `/health/schema` document: health+json (draft-inadarei-api-health-check-06) with revision and verification. */
export function healthDocument(state: HealthState, detail: DetailLevel) {
  const { serviceInfo, phase, migrating, lastCheck, outage, refusal } = state
  const history = lastCheck?.assessment.history ?? state.inspected
  const status = healthStatusOf(state)
  const notes = [
    ...(refusal === null ? [] : [detail === 'full' ? refusal.message : refusal.code]),
    ...(outage === null ? [] : [`${describeOutage(outage)}${detail === 'full' ? `: ${outage.reason}` : ''}`]),
    ...(lastCheck?.notes[detail] ?? []),
  ]
  return {
    status,
    ...(serviceInfo.version === null ? {} : { version: serviceInfo.version }),
    ...(serviceInfo.release === null ? {} : { releaseId: serviceInfo.release }),
    serviceId: serviceInfo.service,
    notes,
    phase,
    ...(migrating === null ? {} : { migrating: viewRunningRevision(migrating, detail) }),
    ...(refusal === null ? {} : { refused: refusalSection(refusal, detail) }),
    revision: summarizeHistory(history),
    ...(lastCheck === null ? {} : { verification: verificationSection(lastCheck, detail) }),
    database: databaseSection(state, detail),
    checks: checksSection(state, status),
  }
}

export type HealthDocument = ReturnType<typeof healthDocument>

function refusalSection({ code, meaning, message, facts, choices, since }: GateRefusal, detail: DetailLevel) {
  return detail === 'full'
    ? { code, detail: message, since, facts, choices }
    : ({ code, detail: meaning, since } as const)
}

function verificationSection({ assessment, checkedAt }: CheckResult, detail: DetailLevel) {
  const { verification } = assessment
  if (verification.status === 'unverified')
    return { status: 'unverified', checkedAt, objects: {}, differenceCount: 0, ignoredCount: 0 } as const
  const { findings, ignored, compared } = verification
  return {
    status: findings.length === 0 ? 'as promised' : 'differs',
    checkedAt,
    objects: Object.fromEntries(
      Object.entries(compared).map(([kind, number]) => [pluralOfKind(kind), number]),
    ),
    differenceCount: findings.length,
    ignoredCount: countIgnored(ignored),
    ...(detail === 'full'
      ? { differences: findings.map(differenceEntry), ignored: ignored.map(ignoredEntry) }
      : {}),
  } as const
}

function differenceEntry(finding: Finding) {
  return {
    object: finding.key,
    kind: parseKey(finding.key).kind,
    change: finding.change,
    impact: finding.impact,
    reason: finding.reason,
    ...('expected' in finding ? { expected: finding.expected } : {}),
    ...('actual' in finding ? { actual: finding.actual } : {}),
  }
}

function ignoredEntry({ pattern, reason, objects }: IgnoredDifferences) {
  return { pattern, reason, differenceCount: objects.length }
}

function databaseSection({ serviceInfo, lastCheck }: HealthState, detail: DetailLevel) {
  const { environment } = serviceInfo
  if (lastCheck === null || detail === 'public') return { environment }
  const { name, server, address, id } = lastCheck.database
  return { name, ...(id === null ? {} : { id }), environment, server: `PostgreSQL ${server}`, address }
}

function checksSection({ lastCheck, outage }: HealthState, status: HealthStatus) {
  if (lastCheck === null) return {}
  const time = lastCheck.checkedAt
  const { history } = lastCheck.assessment
  return {
    'postgres:connection': [
      {
        componentType: 'datastore',
        status: outage?.kind === 'database' ? 'fail' : 'pass',
        time: outage?.since ?? time,
      },
    ],
    'schema:revision': [{ componentType: 'datastore', status, observedValue: history.position, time }],
    'schema:verification': [
      {
        componentType: 'datastore',
        status: lastCheck.drifted ? 'fail' : status,
        observedValue: findingsOf(lastCheck.assessment).length,
        observedUnit: 'differences',
        time,
      },
    ],
  }
}
