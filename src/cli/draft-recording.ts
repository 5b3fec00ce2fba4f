import type { Draft } from '../operations/draft/draft.js'
import { describeAddress } from '../postgres/connection/address.js'

/**
 * What to do about the database that a draft was made from, which has already what the migration makes. Nothing for other
 * sources.
 */
export function recordingSteps({ inspection }: Draft, revision: string): readonly string[] {
  if (inspection === null) return []
  return [
    `${describeAddress(inspection.database)} has already what the migration makes, so that there it would fail. There, record it\ninstead of running it, once it is final:`,
    `  schemagate stamp ${revision}`,
    'which does so only if it is true.',
  ]
}
