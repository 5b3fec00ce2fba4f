import type { Assessment } from '../core/history/decision.js'
import { type DatabaseAddress, describeAddress } from '../postgres/connection/address.js'
import { refusalError } from './situations/refusal.js'

/** What is known of a database that is told. */
interface DatabaseWithHistory {
  readonly assessment: Assessment
  readonly inspection: { readonly database: DatabaseAddress }
}

/** Throws where the gate would not migrate, whatever is pending: nobody can say what the revisions would meet there. */
export function refuseOtherHistory(
  { assessment, inspection }: DatabaseWithHistory,
  environment: string,
  consequence: string,
): void {
  const { position } = assessment.history
  if (position !== 'foreign' && position !== 'unmanaged' && position !== 'diverged') return
  const decision = { action: 'refuse', situations: [{ situation: position, action: 'refuse' }] } as const
  const location = { database: describeAddress(inspection.database), environment }
  throw refusalError(decision, assessment, { location, consequence })
}
