import { isSessionLost } from '../connection/lifecycle.js'
import { appendEntries, type LedgerEntry } from '../ledger/ledger.js'
import { serverMessageOf, type ActiveRun, type RunState } from './run-context.js'

/**
 * The revision that runs `failed`; what shared its transaction, and what is tried again, is `undone`. Of one outside a
 * transaction whose connection was lost nobody knows how far it came: it stays `started`, as if this process was killed.
 */
export async function recordRollback(failure: unknown, { context, state }: ActiveRun): Promise<void> {
  const { auditClient, schema, writer, session } = context
  if (state.running?.transactional === false && isSessionLost(failure, [session.client])) return
  const text = serverMessageOf(failure, state)
  const entries = state.begun.map((revision) => ({ ...rollbackEntry(revision, state), error: text }))
  await appendEntries(auditClient, { schema, writer }, entries).catch((unrecorded: unknown) => {
    // The database may be what failed; the error to show is the one that came first.
    const message = `the failure could not be recorded in the ledger: ${serverMessageOf(unrecorded, state)}`
    context.report({
      event: 'notice',
      revision: state.running?.migration.revision ?? null,
      severity: 'WARNING',
      message,
    })
  })
}

/** What failed without a transaction may have left something: the next run has to know of which text that was. */
function rollbackEntry(revision: string, { running }: RunState): LedgerEntry {
  if (running === null || running.migration.revision !== revision) return { revision, event: 'undone' }
  const { migration, transactional } = running
  const { checksum, file } = migration
  return { revision, event: 'failed', checksum, detail: { file, transaction: transactional } }
}
