import type { Config } from '../config/config.js'
import {
  hasNewDrift,
  type OpeningState,
  seriousKeys,
  type ServingPolicy,
  staysReady,
} from '../core/history/serving.js'
import type { Progress, ProgressReporter } from '../core/progress/events.js'
import { healthDocument, type HealthDocument } from '../core/progress/health-document.js'
import {
  advanceHealth,
  type DetailLevel,
  type HealthState,
  initialHealth,
  isReady,
  isStarted,
  type GateRefusal,
  healthStatusOf,
  type HealthStatus,
  type CheckResult,
} from '../core/progress/process-health.js'
import { toPrintableJson } from '../core/text/printable.js'
import { errorCodes, errorDetails, type SchemaError } from '../errors/schema-error.js'
import { describeAddress } from '../postgres/connection/address.js'
import type { CheckedDatabase } from './assess.js'
import type { OutageRecorder } from './outage.js'
import { describeDecision } from './situations/refusal.js'

/** What the health routes answer from: serialised once for each change, never per request. */
export interface HealthView {
  readonly status: HealthStatus
  readonly started: boolean
  readonly ready: boolean
  readonly documents: Readonly<Record<DetailLevel, HealthDocument>>
  readonly texts: Readonly<Record<DetailLevel, string>>
}

/** The health of one process, to read. */
export interface Health {
  readonly view: () => HealthView
  /** Calls the listener after every change of what the routes say. */
  readonly subscribe: (listener: (view: HealthView) => void) => void
}

/** The health of one process, and what changes it. */
export interface HealthTracker extends Health, OutageRecorder {
  readonly report: ProgressReporter
  /** Takes in a reading of the database; the first one opens the gate. */
  readonly recordResult: (checked: CheckedDatabase) => CheckResult
  readonly recordRefusal: (error: SchemaError) => void
}

/** The process whose health is tracked, and the part of the policy that decides on its readiness. */
export interface TrackedProcess extends Pick<Config, 'service' | 'target'> {
  readonly policy: ServingPolicy
}

export function createHealthTracker({ service, target, policy }: TrackedProcess): HealthTracker {
  const { name, version, release, instance } = service
  let state = initialHealth({ service: name, version, release, environment: target, instance })
  let view = renderView(state)
  let opening: OpeningState | null = null
  const listeners: ((view: HealthView) => void)[] = []
  const become = (next: HealthState): void => {
    state = next
    view = renderView(state)
    for (const listener of listeners) listener(view)
  }
  return {
    view: () => view,
    report: (progress: Progress) => {
      const next = advanceHealth(state, progress, now())
      const isChanged = (['phase', 'migrating', 'inspected'] as const).some(
        (name) => next[name] !== state[name],
      )
      if (isChanged) become(next)
    },
    recordResult: (checked) => {
      opening ??= openingStateOf(checked)
      const lastCheck = checkResultOf(checked, opening, policy)
      const phase = state.phase === 'draining' ? 'draining' : 'serving'
      become({
        ...state,
        phase,
        opened: true,
        migrating: null,
        outage: null,
        refusal: null,
        lastCheck,
      })
      return lastCheck
    },
    recordRefusal: (error) => {
      const phase = state.phase === 'draining' ? 'draining' : 'refused'
      become({ ...state, phase, migrating: null, refusal: refusalOf(error, state.refusal) })
    },
    recordOutage: (outage) => become({ ...state, outage: { ...outage, since: now() } }),
    recordRecovery: () => become({ ...state, outage: null }),
    subscribe: (listener) => {
      listeners.push(listener)
    },
  }
}

function now(): string {
  return new Date().toISOString()
}

function renderView(state: HealthState): HealthView {
  const documents = { public: healthDocument(state, 'public'), full: healthDocument(state, 'full') }
  const textOf = (document: HealthDocument): string => toPrintableJson(JSON.stringify(document))
  const texts = { public: textOf(documents.public), full: textOf(documents.full) }
  return { status: healthStatusOf(state), started: isStarted(state), ready: isReady(state), documents, texts }
}

/** A refusal for the same reason keeps the time of the first one. */
function refusalOf(error: SchemaError, last: GateRefusal | null): GateRefusal {
  const { code, message } = error
  const { meaning } = errorCodes[code]
  const since = last?.code === code ? last.since : now()
  return { code, meaning, message, ...errorDetails(error), since }
}

function openingStateOf({ assessment, hasTables }: CheckedDatabase): OpeningState {
  return { accepted: new Set(seriousKeys(assessment)), hadTables: hasTables }
}

function checkResultOf(
  { assessment, decision, inspection, unchangedSince, hasTables }: CheckedDatabase,
  opening: OpeningState,
  policy: ServingPolicy,
): CheckResult {
  const { database, serverVersion, identity } = inspection
  const reading = { assessment, decision, hasTables }
  return {
    assessment,
    decision,
    notes: {
      public: describeDecision(decision, assessment, 'public'),
      full: describeDecision(decision, assessment, 'full'),
    },
    database: {
      address: describeAddress(database),
      name: database.name,
      server: serverVersion,
      id: identity?.id ?? null,
    },
    checkedAt: now(),
    unchangedSince,
    drifted: hasNewDrift(opening, reading),
    servable: staysReady(opening, reading, policy),
  }
}
