import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { DatabaseIdentity, Owner } from '../../core/history/ownership.js'
import { appendEntries, type LedgerWriter } from './ledger.js'

export interface OwnerRecord {
  readonly schema: string
  readonly writer: LedgerWriter
  readonly owner: Owner
}

/**
 * Writes whose a database is from now on, with an id of its own: a copy that is adopted gets another one, so that no two
 * databases share one for good. To be called under the lock.
 */
export async function recordIdentity(
  client: pg.ClientBase,
  { schema, writer, owner }: OwnerRecord,
  event: 'identified' | 'adopted',
): Promise<Omit<DatabaseIdentity, 'since'>> {
  const { service, environment } = owner
  const identity = { id: randomUUID(), service, environment }
  await appendEntries(client, { schema, writer }, [{ revision: null, event, detail: { identity } }])
  return identity
}
