import { summarizeHistory } from '../history/history.js'
import type { Finding } from '../impact/assess-impact.js'
import { parseKey } from '../model/catalog.js'
import { countIgnored, type IgnoredDifferences } from '../model/scope.js'
import { pluralOfKind } from '../text/format.js'
import { checksSection } from './health-checks.js'
import { describeOutage } from './outage.js'
import {
  type CheckResult,
  type DetailLevel,
  type GateRefusal,
  type HealthState,
  healthStatusOf,
  type RunningRevision,
} from './process-health.js'
import { type Activity, type Blocker, describeActivity } from './session-activity.js'

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
    checks: checksSection(state),
  }
}

export type HealthDocument = ReturnType<typeof healthDocument>

function refusalSection({ code, meaning, message, facts, choices, since }: GateRefusal, detail: DetailLevel) {
  return detail === 'full'
    ? { code, detail: message, since, facts, choices }
    : ({ code, detail: meaning, since } as const)
}

function verificationSection({ assessment, checkedAt, unchangedSince }: CheckResult, detail: DetailLevel) {
  const { verification } = assessment
  if (verification.status === 'unverified')
    return { status: 'unverified', checkedAt, objects: {}, differenceCount: 0, ignoredCount: 0 } as const
  const { findings, ignored, compared } = verification
  return {
    status: findings.length === 0 ? 'as promised' : 'differs',
    checkedAt,
    ...(unchangedSince === null ? {} : { unchangedSince }),
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

/** The activity of the running revision. Null is what is not known, or not the case; the optional members are for `full` details only. */
export interface ActivityView {
  readonly known: boolean
  readonly command: string | null
  readonly phase: string | null
  readonly percent: number | null
  readonly blocked: boolean
  /** The whole activity as a sentence. */
  readonly doing?: string
  readonly relation?: string | null
  readonly statement?: string | null
  readonly waits?: string | null
  readonly blockers?: readonly Blocker[]
}

function viewRunningRevision({ activity, ...revision }: RunningRevision, detail: DetailLevel) {
  return { ...revision, ...(activity === null ? {} : { activity: viewActivity(activity, detail) }) }
}

/** The public view shows neither statements of other sessions nor names of objects. */
function viewActivity(activity: Activity, detail: DetailLevel): ActivityView {
  const work = activity.known ? activity.work : null
  const view = {
    known: activity.known,
    command: work?.command ?? null,
    phase: work?.phase ?? null,
    percent: work?.percent ?? null,
    blocked: activity.known && activity.blockers.length > 0,
  }
  if (detail === 'public') return view
  const doing = describeActivity(activity)
  if (!activity.known) return { ...view, doing }
  const { statement, waits, blockers } = activity
  return { ...view, doing, relation: work?.relation ?? null, statement, waits, blockers }
}
