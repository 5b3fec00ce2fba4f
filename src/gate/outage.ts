import type { Progress, ProgressReporter } from '../core/progress/events.js'
import type { Outage } from '../core/progress/outage.js'
import { errorMessage } from '../core/text/redact.js'
import { SchemaError } from '../errors/schema-error.js'
import { isConnectionLost, isTransient } from '../postgres/connection/sqlstate.js'
import type { HealthTracker } from './health-state.js'

/** What is said of a database that cannot be looked at: once when that begins, and once when it is over. */
export interface OutageReporter {
  readonly reportFailure: (error: unknown) => void
  readonly reportSuccess: () => void
}

/** Tells the log and health that a database was lost, or answers and cannot be verified. */
export function createOutageReporter({
  health,
  report,
}: {
  readonly health: Pick<HealthTracker, 'lost' | 'back'>
  readonly report: ProgressReporter
}): OutageReporter {
  let lost: { readonly of: Outage['kind']; readonly at: number } | null = null
  return {
    reportFailure: (error) => {
      const of = isCheckFailure(error) ? 'check' : 'database'
      const reason = errorMessage(error)
      if (lost?.of === of) return
      report({ event: of === 'check' ? 'check failing' : 'database lost', reason })
      health.lost({ kind: of, reason })
      lost = { of, at: performance.now() }
    },
    reportSuccess: () => {
      if (lost === null) return
      report(recoveryEvent(lost.of, performance.now() - lost.at))
      health.back()
      lost = null
    },
  }
}

/** Whether the database answered, and what it said kept it from being verified. */
function isCheckFailure(error: unknown): boolean {
  if (!(error instanceof SchemaError)) return !isTransient(error) && !isConnectionLost(error)
  return error.code === 'SCHEMA_PRIVILEGE_MISSING' || error.code === 'SCHEMA_LEDGER_MISPLACED'
}

function recoveryEvent(of: Outage['kind'], duration: number): Progress {
  return of === 'check'
    ? { event: 'check working', failedFor: duration }
    : { event: 'database back', lostFor: duration }
}
