import { createHash } from 'node:crypto'
import pg from 'pg'
import type { Catalog } from '../../core/model/catalog.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { queryRows, type Row } from '../connection/query.js'
import { appendEntries, ledgerTable, type LedgerWriter, quoteTableName } from '../ledger/ledger.js'
import type { Inspection, InspectionFingerprint } from './inspection.js'

/** A promise that a database may already have been found to keep. */
export interface KnownPromise {
  /** Equal only where the same is promised and compared in the same way. */
  readonly digest: string
  /** The whole promised catalog at some revisions. */
  readonly catalogAt: (revisions: readonly string[]) => Catalog
}

/** Many roles, and many starts of the server, can have verified the same promise. */
const rememberedStates = 50

/** SQL for the states of the database in which it was found to keep the promise of a digest, the newest first. */
export function verifiedStatesQuery(schema: string, { digest }: KnownPromise): string {
  return `select at, to_jsonb(l) -> 'detail' ->> 'state' as state from ${quoteTableName(schema, ledgerTable)} l
    where event = 'verified' and checksum = ${pg.escapeLiteral(digest)} order by id desc limit ${rememberedStates}`
}

/** When (ISO 8601) the state of a fingerprint was verified, by the rows of `verifiedStatesQuery`; null where it never was. */
export function findVerifiedSince(rows: readonly Row[], fingerprint: InspectionFingerprint): string | null {
  const state = stateOf(fingerprint)
  const found = rows.find((row) => row['state'] === state)?.['at']
  return found instanceof Date ? found.toISOString() : null
}

/** Covers server, database, role, ledgers and the hash of the catalog. */
function stateOf({ results }: InspectionFingerprint): string {
  return createHash('sha256').update(results).digest('hex')
}

/**
 * Records that a database keeps a promise, unless that is recorded already. Where it cannot be recorded, because the role may
 * not or the server is read-only or full, every start reads the catalog: nothing else depends on it.
 */
export async function recordVerifiedState(
  client: pg.ClientBase,
  {
    schema,
    mayWriteOwnLedger,
    readOnly,
    fingerprint,
  }: Pick<Inspection, 'schema' | 'mayWriteOwnLedger' | 'readOnly' | 'fingerprint'>,
  promise: KnownPromise,
  writer: LedgerWriter,
): Promise<void> {
  if (schema === null || !mayWriteOwnLedger || readOnly) return
  try {
    const known = await queryRows(client, verifiedStatesQuery(schema, promise))
    if (findVerifiedSince(known, fingerprint) !== null) return
    const detail = { state: stateOf(fingerprint) }
    await appendEntries(client, { schema, writer }, [
      { revision: null, event: 'verified', checksum: promise.digest, detail },
    ])
  } catch (error) {
    if (isSessionLost(error, [client])) throw error
  }
}
