import type pg from 'pg'
import type { Statement } from '../../ddl/statement.js'
import { appendEntries, type LedgerEntry } from '../../postgres/ledger/ledger.js'
import type { LockedSession } from '../../postgres/session/sessions.js'

/** Appends to the ledger what happens to a step. */
export function recordStep(
  client: pg.ClientBase,
  locked: Pick<LockedSession, 'schema' | 'writer'>,
  step: readonly Statement[],
  entry: Pick<LedgerEntry, 'event' | 'duration' | 'error'>,
): Promise<void> {
  const statements = step.map(({ sql }) => sql)
  return appendEntries(client, locked, [{ ...entry, revision: null, detail: { statements } }])
}
