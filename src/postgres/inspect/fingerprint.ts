import type pg from 'pg'
import { queryAll, type QueryResult } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { serverAndLedgerQueries, type ServerQueryOptions, rollBackQuietly } from './server-and-ledgers.js'

/** What an inspection rests on: server, ledger, and a hash of the catalog, all of one snapshot. */
export interface InspectionFingerprint {
  /** The statements that read the ledger. */
  readonly ledgerQueries: readonly string[]
  /** Their results and those of `placeQueries`: the same text only where nothing that was inspected has changed. */
  readonly results: string
}

export function fingerprintOf(
  ledgerQueries: readonly string[],
  results: readonly QueryResult[],
): InspectionFingerprint {
  return { ledgerQueries, results: JSON.stringify(results.map(({ rows }) => rows)) }
}

/**
 * Whether an inspection of the same database would find what the last one found, in one round trip and without reading
 * the catalog. False where the ledger cannot be read as it was. Throws what keeps the database from answering.
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

/** Undefined tables and columns, and privileges that were revoked: a full inspection says what is the matter. */
function isLedgerChanged(error: unknown): boolean {
  return hasSqlState(error, sqlState.undefinedTable, sqlState.undefinedColumn, sqlState.insufficientPrivilege)
}
