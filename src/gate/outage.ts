import type { Progress, ProgressReporter } from '../core/progress/events.js'
import type { Outage } from '../core/progress/outage.js'
import { errorMessage } from '../core/text/redact.js'
import { SchemaError } from '../errors/schema-error.js'
import { isConnectionLost, isTransient } from '../postgres/connection/sqlstate.js'

/** Reports an outage twice: when it begins and when it is over. */
export interface OutageReporter {
  readonly reportFailure: (error: unknown) => void
  readonly reportSuccess: () => void
}

/** Reports to log and health that the database was lost, or that it answers and cannot be verified. */
export function createOutageReporter({ health, report }: OutageListeners): OutageReporter {
  let current: { readonly kind: Outage['kind']; readonly since: number } | null = null
  return {
    reportFailure: (error) => {
      const kind = isCheckFailure(error) ? 'check' : 'database'
      if (current?.kind === kind) return
      const reason = errorMessage(error)
      report({ event: kind === 'check' ? 'check failing' : 'database lost', reason })
      health.recordOutage({ kind, reason })
      current = { kind, since: performance.now() }
    },
    reportSuccess: () => {
      if (current === null) return
      report(recoveryEvent(current.kind, performance.now() - current.since))
      health.recordRecovery()
      current = null
    },
  }
}

/** Where an outage shows. */
export interface OutageRecorder {
  readonly recordOutage: (outage: Omit<Outage, 'since'>) => void
  readonly recordRecovery: () => void
}

interface OutageListeners {
  readonly health: OutageRecorder
  readonly report: ProgressReporter
}

/** Whether the database answered, and its answer prevents the verification. */
function isCheckFailure(error: unknown): boolean {
  if (!(error instanceof SchemaError)) return !isTransient(error) && !isConnectionLost(error)
  return error.code === 'SCHEMA_PRIVILEGE_MISSING' || error.code === 'SCHEMA_LEDGER_MISPLACED'
}

function recoveryEvent(kind: Outage['kind'], duration: number): Progress {
  return kind === 'check'
    ? { event: 'check working', failedFor: duration }
    : { event: 'database back', lostFor: duration }
}
