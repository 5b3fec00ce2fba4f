import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Owner, StoredIdentity } from '../../core/history/ownership.js'
import { appendEntries, type LedgerWriter } from './ledger.js'

/**
 * Records the identity of a database with a new random id: an adopted copy does not keep the id of its original. Call it
 * while holding the lock.
 */
export async function recordIdentity(
  client: pg.ClientBase,
  ledger: { readonly schema: string; readonly writer: LedgerWriter },
  { service, environment }: Owner,
  event: 'identified' | 'adopted',
): Promise<StoredIdentity> {
  const identity = { id: randomUUID(), service, environment }
  await appendEntries(client, ledger, [{ revision: null, event, detail: { identity } }])
  return identity
}
