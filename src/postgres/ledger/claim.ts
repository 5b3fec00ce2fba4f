import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Identity, Owner } from '../../core/history/ownership.js'
import { append, type Writer } from './ledger.js'

export interface NewOwner {
  readonly schema: string
  readonly writer: Writer
  readonly owner: Owner
}

/**
 * Writes whose a database is from now on, with an id of its own: a copy that is adopted gets another one, so that no two
 * databases share one for good. To be called under the lock.
 */
export async function identify(
  client: pg.ClientBase,
  { schema, writer, owner }: NewOwner,
  event: 'identified' | 'adopted',
): Promise<Omit<Identity, 'since'>> {
  const { service, environment } = owner
  const identity = { id: randomUUID(), service, environment }
  await append(client, { schema, writer }, [{ revision: null, event, detail: { identity } }])
  return identity
}
