import type { Config } from '../config/config.js'
import { findingsOf } from '../core/history/decision.js'
import { type Decision } from '../core/history/policy.js'
import type { Progress, ProgressReporter } from '../core/progress/events.js'
import { healthDocument, type HealthDocument } from '../core/progress/health-document.js'
import type { Outage } from '../core/progress/outage.js'
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
import { errorCodes } from '../errors/codes.js'
import { errorDetails, type SchemaError } from '../errors/schema-error.js'
import { describeAddress } from '../postgres/connection/address.js'
import type { GateResult } from './gate.js'
import { describeDecision } from './situations/refusal.js'

/** What the health routes answer from: serialised once for each change, never per request. */
export interface HealthView {
  readonly status: HealthStatus
  readonly started: boolean
  readonly ready: boolean
  readonly documents: Readonly<Record<DetailLevel, HealthDocument>>
  readonly texts: Readonly<Record<DetailLevel, string>>
}

/** The state of health of one process. */
export interface HealthTracker {
  readonly view: () => HealthView
  readonly report: ProgressReporter
  /** Takes in what was read from the database; the first time opens the gate. */
  readonly recordResult: (passed: GateResult) => Decision
  readonly recordRefusal: (error: SchemaError) => void
  readonly lost: (loss: Omit<Outage, 'since'>) => void
  readonly back: () => void
  /** Calls the listener after every change of what the routes say. */
  readonly subscribe: (listener: (view: HealthView) => void) => void
}

export function createHealthTracker({ service, target }: Pick<Config, 'service' | 'target'>): HealthTracker {
  const { name, version, release, instance } = service
  let state = initialHealth({ service: name, version, release, environment: target, instance })
  let view = renderView(state)
  let accepted: ReadonlySet<string> | null = null
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
      const isNews = (['phase', 'migrating', 'inspected'] as const).some((name) => next[name] !== state[name])
      if (isNews) become(next)
    },
    recordResult: (passed) => {
      accepted ??= new Set(seriousKeys(passed))
      const verdict = verdictOf(passed, accepted)
      const phase = state.phase === 'draining' ? 'draining' : 'serving'
      become({
        ...state,
        phase,
        opened: true,
        migrating: null,
        outage: null,
        refusal: null,
        lastCheck: verdict,
      })
      return passed.decision
    },
    recordRefusal: (error) => {
      const phase = state.phase === 'draining' ? 'draining' : 'refused'
      become({ ...state, phase, migrating: null, refusal: refusalOf(error, state.refusal) })
    },
    lost: (loss) => become({ ...state, outage: { ...loss, since: now() } }),
    back: () => become({ ...state, outage: null }),
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
  const texts = { public: JSON.stringify(documents.public), full: JSON.stringify(documents.full) }
  return { status: healthStatusOf(state), started: isStarted(state), ready: isReady(state), documents, texts }
}

/** The same reason again is refused since the first time. */
function refusalOf(error: SchemaError, last: GateRefusal | null): GateRefusal {
  const { code, message } = error
  const { meaning } = errorCodes[code]
  const since = last?.code === code ? last.since : now()
  return { code, meaning, message, ...errorDetails(error), since }
}

function verdictOf(passed: GateResult, accepted: ReadonlySet<string>): CheckResult {
  const { assessment, decision, inspection } = passed
  const { database, serverVersion, identity } = inspection
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
    drifted: seriousKeys(passed).some((key) => !accepted.has(key)),
  }
}

function seriousKeys({ assessment }: GateResult): readonly string[] {
  return findingsOf(assessment)
    .filter(({ impact }) => impact === 'breaks' || impact === 'weakens')
    .map(({ key }) => key)
}
