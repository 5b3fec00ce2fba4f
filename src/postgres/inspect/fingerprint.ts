import type pg from 'pg'
import { queryAll } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { type InspectionFingerprint } from './inspection.js'
import {
  fingerprintOf,
  serverAndLedgerQueries,
  type ServerQueryOptions,
  rollBackQuietly,
} from './server-and-ledgers.js'

/**
 * Whether a new inspection of the database would find the same as the last one. Takes one round trip and does not read the
 * catalog. False where the ledger can no longer be read in the same way; throws any other error.
 */
export async function matchesFingerprint(
  client: pg.ClientBase,
  options: ServerQueryOptions,
  { ledgerQueries, results }: InspectionFingerprint,
): Promise<boolean> {
  const text = [...serverAndLedgerQueries(options), ...ledgerQueries, 'commit'].join(';\n')
  try {
    return fingerprintOf(ledgerQueries, await queryAll(client, text)).results === results
  } catch (error) {
    await rollBackQuietly(client)
    if (isLedgerChanged(error)) return false
    throw error
  }
}

/** The ledger was dropped or altered, or a privilege was revoked. A full inspection will explain it. */
function isLedgerChanged(error: unknown): boolean {
  return hasSqlState(error, sqlState.undefinedTable, sqlState.undefinedColumn, sqlState.insufficientPrivilege)
}
