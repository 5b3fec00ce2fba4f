import type { Config } from '../config/load.js'
import { type Decision, findingsOf } from '../core/history/decision.js'
import type { Progress, Report } from '../core/progress/events.js'
import {
  advance,
  type Detail,
  healthDocument,
  type HealthDocument,
  type HealthState,
  initialHealth,
  isReady,
  isStarted,
  type Refusal,
  statusOf,
  type Status,
  type Verdict,
} from '../core/progress/health-document.js'
import type { Loss } from '../core/progress/outage.js'
import { errorCodes } from '../errors/codes.js'
import { detailsOf, type SchemaError } from '../errors/schema-error.js'
import { describeAddress } from '../postgres/connection/address.js'
import type { Passed } from './gate.js'
import { describeDecision } from './situations/refusal.js'

/** What the health routes answer from: serialised once for each change, never per request. */
export interface HealthView {
  readonly status: Status
  readonly started: boolean
  readonly ready: boolean
  readonly documents: Readonly<Record<Detail, HealthDocument>>
  readonly texts: Readonly<Record<Detail, string>>
}

/** The state of health of one process. */
export interface Health {
  readonly view: () => HealthView
  readonly report: Report
  /** Takes in what was read from the database; the first time opens the gate. */
  readonly judged: (passed: Passed) => Decision
  readonly refused: (error: SchemaError) => void
  readonly lost: (loss: Omit<Loss, 'since'>) => void
  readonly back: () => void
  /** Calls the listener after every change of what the routes say. */
  readonly subscribe: (listener: (view: HealthView) => void) => void
}

export function createHealth({ service, target }: Pick<Config, 'service' | 'target'>): Health {
  const { name, version, release, instance } = service
  let state = initialHealth({ service: name, version, release, environment: target, instance })
  let view = viewOf(state)
  let accepted: ReadonlySet<string> | null = null
  const listeners: ((view: HealthView) => void)[] = []
  const become = (next: HealthState): void => {
    state = next
    view = viewOf(state)
    for (const listener of listeners) listener(view)
  }
  return {
    view: () => view,
    report: (progress: Progress) => {
      const next = advance(state, progress, now())
      const isNews = (['phase', 'migrating', 'inspected'] as const).some((name) => next[name] !== state[name])
      if (isNews) become(next)
    },
    judged: (passed) => {
      accepted ??= new Set(graveKeys(passed))
      const verdict = verdictOf(passed, accepted)
      const phase = state.phase === 'draining' ? 'draining' : 'serving'
      become({ ...state, phase, opened: true, migrating: null, lost: null, refused: null, verdict })
      return passed.decision
    },
    refused: (error) => {
      const phase = state.phase === 'draining' ? 'draining' : 'refused'
      become({ ...state, phase, migrating: null, refused: refusalOf(error, state.refused) })
    },
    lost: (loss) => become({ ...state, lost: { ...loss, since: now() } }),
    back: () => become({ ...state, lost: null }),
    subscribe: (listener) => {
      listeners.push(listener)
    },
  }
}

function now(): string {
  return new Date().toISOString()
}

function viewOf(state: HealthState): HealthView {
  const documents = { public: healthDocument(state, 'public'), full: healthDocument(state, 'full') }
  const texts = { public: JSON.stringify(documents.public), full: JSON.stringify(documents.full) }
  return { status: statusOf(state), started: isStarted(state), ready: isReady(state), documents, texts }
}

/** The same reason again is refused since the first time. */
function refusalOf(error: SchemaError, last: Refusal | null): Refusal {
  const { code, message } = error
  const { meaning } = errorCodes[code]
  const since = last?.code === code ? last.since : now()
  return { code, meaning, message, ...detailsOf(error), since }
}

function verdictOf(passed: Passed, accepted: ReadonlySet<string>): Verdict {
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
    drifted: graveKeys(passed).some((key) => !accepted.has(key)),
  }
}

function graveKeys({ assessment }: Passed): readonly string[] {
  return findingsOf(assessment)
    .filter(({ impact }) => impact === 'breaks' || impact === 'weakens')
    .map(({ key }) => key)
}
