import { isSessionLost } from '../connection/lifecycle.js'
import { appendEntries, type LedgerEntry } from '../ledger/ledger.js'
import { type LoadedRevision, serverMessageOf } from './run-state.js'
import type { ActiveRun } from './run.js'

/**
 * Records an attempt that failed: the running revision as `failed`, the others of its transaction, and what is tried again,
 * as `undone`. A revision outside a transaction whose connection was lost stays `started`, as after a kill: only the
 * server knows how far it came.
 */
export async function recordRollback(failure: unknown, { context, progress }: ActiveRun): Promise<void> {
  const { auditClient, session, report } = context
  const { begun, running, serverMessages } = progress.state
  if (running?.transactional === false && isSessionLost(failure, [session.client])) return
  const error = serverMessageOf(failure, serverMessages)
  const entries = begun.map((revision) => ({ ...rollbackEntry(revision, running), error }))
  await appendEntries(auditClient, context, entries).catch((cause: unknown) =>
    // The error to show is the first one: the database may be what failed.
    report({
      event: 'notice',
      revision: running?.revision ?? null,
      severity: 'WARNING',
      message: `the failure could not be recorded in the ledger: ${serverMessageOf(cause, serverMessages)}`,
    }),
  )
}

/** A failure outside a transaction may leave objects behind: the next run has to know the text that was run. */
function rollbackEntry(revision: string, running: LoadedRevision | null): LedgerEntry {
  if (running === null || running.revision !== revision) return { revision, event: 'undone' }
  const { checksum, file, transactional } = running
  return { revision, event: 'failed', checksum, detail: { file, transaction: transactional } }
}
