import type { Progress, Report } from '../core/progress/events.js'
import type { Loss } from '../core/progress/outage.js'
import { saidBy } from '../core/text/redact.js'
import { SchemaError } from '../errors/schema-error.js'
import { isLoss } from '../postgres/connection/lifecycle.js'
import { isUnavailable } from '../postgres/connection/sqlstate.js'
import type { Health } from './health-state.js'

/** What is said of a database that cannot be looked at: once when that begins, and once when it is over. */
export interface Losses {
  readonly began: (error: unknown) => void
  readonly ended: () => void
}

/** Tells the log and health that a database was lost, or answers and cannot be verified. */
export function tellLosses({
  health,
  report,
}: {
  readonly health: Pick<Health, 'lost' | 'back'>
  readonly report: Report
}): Losses {
  let lost: { readonly of: Loss['of']; readonly at: number } | null = null
  return {
    began: (error) => {
      const of = isOfCheck(error) ? 'check' : 'database'
      const reason = saidBy(error)
      if (lost?.of === of) return
      report({ event: of === 'check' ? 'check failing' : 'database lost', reason })
      health.lost({ of, reason })
      lost = { of, at: performance.now() }
    },
    ended: () => {
      if (lost === null) return
      report(endOf(lost.of, performance.now() - lost.at))
      health.back()
      lost = null
    },
  }
}

/** Whether the database answered, and what it said kept it from being verified. */
function isOfCheck(error: unknown): boolean {
  if (!(error instanceof SchemaError)) return !isUnavailable(error) && !isLoss(error, [])
  return error.code === 'SCHEMA_PRIVILEGE_MISSING' || error.code === 'SCHEMA_LEDGER_MISPLACED'
}

function endOf(of: Loss['of'], duration: number): Progress {
  return of === 'check'
    ? { event: 'check working', failedFor: duration }
    : { event: 'database back', lostFor: duration }
}
