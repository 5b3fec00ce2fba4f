import { type Assessment, type Decision, findingsOf } from '../history/decision.js'
import { type History, shownHistory } from '../history/history.js'
import type { Finding } from '../impact/assess-impact.js'
import { parseKey } from '../model/catalog.js'
import { pluralOf } from '../model/describe.js'
import { countIgnored, type Ignored } from '../model/scope.js'
import type { Phase, Progress } from './events.js'
import { describeLoss, type Loss } from './outage.js'
import { type Migrating, migratingAfter, shownMigrating } from './running-migration.js'

/** Who answers. */
export interface Identity {
  readonly service: string
  readonly version: string | null
  readonly release: string | null
  readonly environment: string
  readonly instance: string
}

/** What was last read from the database, and the decision on it. */
export interface Verdict {
  readonly assessment: Assessment
  readonly decision: Decision
  readonly notes: Readonly<Record<Detail, readonly string[]>>
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
export interface Refusal {
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
  readonly identity: Identity
  readonly phase: Phase
  readonly migrating: Migrating | null
  /** Whether the gate has opened once. */
  readonly opened: boolean
  /** As it was last inspected; null before that. */
  readonly inspected: History | null
  readonly verdict: Verdict | null
  readonly lost: Loss | null
  readonly refused: Refusal | null
}

export type Status = 'pass' | 'warn' | 'fail'

/** What a caller may see: anonymous callers see status, revisions and counts. */
export type Detail = 'public' | 'full'

const phases: Readonly<Partial<Record<Progress['event'], Phase>>> = {
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

const looking: ReadonlySet<Phase> = new Set(['connecting', 'inspecting', 'replaying', 'verifying'])

export function initialHealth(identity: Identity): HealthState {
  return {
    identity,
    phase: 'starting',
    migrating: null,
    opened: false,
    inspected: null,
    verdict: null,
    lost: null,
    refused: null,
  }
}

/** The state after a piece of progress. `now` is ISO 8601. */
export function advance(state: HealthState, progress: Progress, now: string): HealthState {
  const phase =
    state.opened && progress.event !== 'draining' ? state.phase : (phaseAfter(state, progress) ?? state.phase)
  return {
    ...state,
    phase,
    inspected: inspectedAfter(state.inspected, progress),
    migrating: phase === 'migrating' ? migratingAfter(state.migrating, progress, now) : null,
  }
}

/** The same object where nothing changed. */
function inspectedAfter(known: History | null, progress: Progress): History | null {
  if (progress.event !== 'inspected') return known
  return JSON.stringify(known) === JSON.stringify(progress.history) ? known : progress.history
}

/** A gate that refused and only looks again is no further than it was; one that migrates is. */
function phaseAfter({ refused }: HealthState, { event }: Progress): Phase | undefined {
  const phase = phases[event]
  return refused !== null && phase !== undefined && looking.has(phase) ? 'refused' : phase
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
    state.lost === null &&
    state.verdict?.decision.action !== 'refuse'
  )
}

export function statusOf({ opened, refused, lost, verdict }: HealthState): Status {
  if (!opened || refused !== null || lost !== null || verdict === null || verdict.drifted) return 'fail'
  return ({ serve: 'pass', warn: 'warn', refuse: 'fail' } as const)[verdict.decision.action]
}

/** The `/health/schema` document: health+json (draft-inadarei-api-health-check-06) with revision and verification. */
export function healthDocument(state: HealthState, detail: Detail) {
  const { identity, phase, migrating, verdict, lost, refused } = state
  const history = verdict?.assessment.history ?? state.inspected
  const status = statusOf(state)
  const notes = [
    ...(refused === null ? [] : [detail === 'full' ? refused.message : refused.code]),
    ...(lost === null ? [] : [`${describeLoss(lost)}${detail === 'full' ? `: ${lost.reason}` : ''}`]),
    ...(verdict?.notes[detail] ?? []),
  ]
  return {
    status,
    ...(identity.version === null ? {} : { version: identity.version }),
    ...(identity.release === null ? {} : { releaseId: identity.release }),
    serviceId: identity.service,
    notes,
    phase,
    ...(migrating === null ? {} : { migrating: shownMigrating(migrating, detail) }),
    ...(refused === null ? {} : { refused: refusedOf(refused, detail) }),
    revision: shownHistory(history),
    ...(verdict === null ? {} : { verification: verificationOf(verdict, detail) }),
    database: databaseOf(state, detail),
    checks: checksOf(state, status),
  }
}

export type HealthDocument = ReturnType<typeof healthDocument>

function refusedOf({ code, meaning, message, facts, choices, since }: Refusal, detail: Detail) {
  return detail === 'full'
    ? { code, detail: message, since, facts, choices }
    : ({ code, detail: meaning, since } as const)
}

function verificationOf({ assessment, checkedAt }: Verdict, detail: Detail) {
  const { verification } = assessment
  if (verification.status === 'unverified')
    return { status: 'unverified', checkedAt, objects: {}, differenceCount: 0, ignoredCount: 0 } as const
  const { findings, ignored, compared } = verification
  return {
    status: findings.length === 0 ? 'as promised' : 'differs',
    checkedAt,
    objects: Object.fromEntries(Object.entries(compared).map(([kind, number]) => [pluralOf(kind), number])),
    differenceCount: findings.length,
    ignoredCount: countIgnored(ignored),
    ...(detail === 'full'
      ? { differences: findings.map(differenceOf), ignored: ignored.map(ignoredOf) }
      : {}),
  } as const
}

function differenceOf(finding: Finding) {
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

function ignoredOf({ pattern, reason, objects }: Ignored) {
  return { pattern, reason, differenceCount: objects.length }
}

function databaseOf({ identity, verdict }: HealthState, detail: Detail) {
  const { environment } = identity
  if (verdict === null || detail === 'public') return { environment }
  const { name, server, address, id } = verdict.database
  return { name, ...(id === null ? {} : { id }), environment, server: `PostgreSQL ${server}`, address }
}

function checksOf({ verdict, lost }: HealthState, status: Status) {
  if (verdict === null) return {}
  const time = verdict.checkedAt
  const { history } = verdict.assessment
  return {
    'postgres:connection': [
      {
        componentType: 'datastore',
        status: lost?.of === 'database' ? 'fail' : 'pass',
        time: lost?.since ?? time,
      },
    ],
    'schema:revision': [{ componentType: 'datastore', status, observedValue: history.position, time }],
    'schema:verification': [
      {
        componentType: 'datastore',
        status: verdict.drifted ? 'fail' : status,
        observedValue: findingsOf(verdict.assessment).length,
        observedUnit: 'differences',
        time,
      },
    ],
  }
}
