import pg from 'pg'
import { queryAll, type Rows } from '../connection/query.js'
import { placeQueries, type PlaceOptions, rollBack } from './server-and-ledgers.js'

/** What an inspection rests on: server, ledger, and a hash of the catalog, all of one snapshot. */
export interface Evidence {
  /** The statements that read the ledger. */
  readonly ledgerQueries: readonly string[]
  /** Their results and those of `placeQueries`: the same text only where nothing that was inspected has changed. */
  readonly found: string
}

export function evidenceOf(ledgerQueries: readonly string[], results: readonly Rows[]): Evidence {
  return { ledgerQueries, found: JSON.stringify(results.map(({ rows }) => rows)) }
}

/**
 * Whether an inspection of the same database would find what the last one found, in one round trip and without reading
 * the catalog. False where the ledger cannot be read as it was. Throws what keeps the database from answering.
 */
export async function stillHolds(
  client: pg.ClientBase,
  options: PlaceOptions,
  { ledgerQueries, found }: Evidence,
): Promise<boolean> {
  const text = [...placeQueries(options), ...ledgerQueries, 'commit'].join(';\n')
  try {
    return evidenceOf(ledgerQueries, await queryAll(client, text)).found === found
  } catch (error) {
    await rollBack(client)
    if (isChanged(error)) return false
    throw error
  }
}

/** Undefined tables and columns, and privileges that were revoked: a full inspection says what is the matter. */
function isChanged(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ['42P01', '42703', '42501'].includes(error.code ?? '')
}
