import { createHash } from 'node:crypto'
import pg from 'pg'
import { isRecord } from '../../core/text/is-record.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { queryRows, type Row } from '../connection/query.js'
import { appendEntries, ledgerTable, type LedgerWriter, quoteTableName } from '../ledger/ledger.js'
import type { InspectionFingerprint, InspectionWithoutCatalog, VerifiedState } from './inspection.js'

/** Many roles, and many starts of the server, can have verified the same promise. */
const rememberedStates = 50

/** SQL for the states of the database in which it was found to keep the promise of a digest, the newest first. */
export function verifiedStatesQuery(schema: string, digest: string): string {
  return `select at, to_jsonb(l) -> 'detail' as detail from ${quoteTableName(schema, ledgerTable)} l
    where event = 'verified' and checksum = ${pg.escapeLiteral(digest)} order by id desc limit ${rememberedStates}`
}

/** When the state of a fingerprint was verified, by the rows of `verifiedStatesQuery`; null where it never was. */
export function findVerifiedState(
  rows: readonly Row[],
  fingerprint: InspectionFingerprint,
): VerifiedState | null {
  const state = stateOf(fingerprint)
  for (const { at, detail } of rows) {
    if (!isRecord(detail) || detail['state'] !== state) continue
    const { compared } = detail
    if (at instanceof Date && isCounts(compared)) return { since: at.toISOString(), compared }
  }
  return null
}

function isCounts(value: unknown): value is Readonly<Record<string, number>> {
  return isRecord(value) && Object.values(value).every((count) => typeof count === 'number')
}

/** Covers server, database, role, ledgers and the hash of the catalog. */
function stateOf({ results }: InspectionFingerprint): string {
  return createHash('sha256').update(results).digest('hex')
}

/** What was verified. */
export interface VerifiedPromise extends Pick<VerifiedState, 'compared'> {
  /** Equal only where the same is promised and compared in the same way. */
  readonly digest: string
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
  }: Pick<InspectionWithoutCatalog, 'schema' | 'mayWriteOwnLedger' | 'readOnly' | 'fingerprint'>,
  { digest, compared }: VerifiedPromise,
  writer: LedgerWriter,
): Promise<void> {
  if (schema === null || !mayWriteOwnLedger || readOnly) return
  try {
    const known = await queryRows(client, verifiedStatesQuery(schema, digest))
    if (findVerifiedState(known, fingerprint) !== null) return
    const detail = { state: stateOf(fingerprint), compared }
    await appendEntries(client, { schema, writer }, [
      { revision: null, event: 'verified', checksum: digest, detail },
    ])
  } catch (error) {
    if (isSessionLost(error, [client])) throw error
  }
}
