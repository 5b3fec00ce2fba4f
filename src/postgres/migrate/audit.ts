import type pg from 'pg'
import { driverErrorCode, isLockConflict } from '../connection/sqlstate.js'
import {
  appendEntries,
  type LedgerEntry,
  type LedgerWriter,
  ledgerTable,
  quoteTableName,
} from '../ledger/ledger.js'
import { readInsertBlockers } from '../locks/session-activity.js'
import type { RunProgress } from './run-state.js'

/** Who writes to which ledger, and where it is kept who prevents that. */
interface AuditedRun {
  readonly context: {
    readonly auditClient: pg.Client
    readonly schema: string
    readonly writer: LedgerWriter
  }
  readonly progress: Pick<RunProgress, 'setBlockers'>
}

/**
 * Appends rows to our ledger outside the transaction of the revision, so that they stay. Where locks of others prevent it,
 * keeps who holds them: a revision of the same transaction may.
 */
export async function recordOutside(
  { context, progress }: AuditedRun,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const { auditClient, schema } = context
  try {
    await appendEntries(auditClient, context, entries)
  } catch (error) {
    if (isLockConflict(driverErrorCode(error)))
      progress.setBlockers(await readInsertBlockers(auditClient, quoteTableName(schema, ledgerTable)))
    throw error
  }
}
