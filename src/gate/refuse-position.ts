import { describeAddress } from '../postgres/connection/address.js'
import type { DatabaseStatus } from './read-status.js'
import { refusalError } from './situations/refusal.js'

/** Throws where the gate would not migrate, whatever is pending: nobody can say what the revisions would meet there. */
export function refuseOtherHistory(
  { assessment, inspection }: DatabaseStatus,
  environment: string,
  consequence: string,
): void {
  const { position } = assessment.history
  if (position !== 'foreign' && position !== 'unmanaged' && position !== 'diverged') return
  const decision = { action: 'refuse', situations: [{ situation: position, action: 'refuse' }] } as const
  const location = { database: describeAddress(inspection.database), environment }
  throw refusalError(decision, assessment, { location, consequence })
}
