import type { QueryResult } from '../postgres/connection/query.js'
import { composeTouchedRows } from '../postgres/introspect/touched-objects.js'
import { mayHaveWrittenServerObjects } from '../postgres/scratch/server-objects.js'
import type { UncommittedRevision } from '../postgres/verify/check-revision.js'
import { lockedTablesQuery } from '../postgres/verify/written-tables.js'

type Client = UncommittedRevision['client']

/** What the transaction of a revision is asked in the message that settles its session; null where it was not asked. */
export interface TransactionReads {
  readonly touched: QueryResult | null
  readonly wroteServerObjects: boolean | null
  readonly lockedTables: QueryResult | null
}

const serverObjectsQuery = `select ${mayHaveWrittenServerObjects}`

/** The statements of the first replay. */
export function composeAllReads(client: Client): string {
  return composeTouchedRows(client, [serverObjectsQuery, lockedTablesQuery])
}

/** Those of the second, which needs to know less. */
export function composeRepeatedReads(client: Client, reads: 'touched' | 'whole'): string {
  return reads === 'touched' ? composeTouchedRows(client, [serverObjectsQuery]) : serverObjectsQuery
}

/** Their results, null where they were not run. */
export function parseAllReads(results: readonly QueryResult[] | null): TransactionReads {
  const [touched = null, wrote, lockedTables = null] = results ?? []
  return { touched, wroteServerObjects: booleanOf(wrote), lockedTables }
}

export function parseRepeatedReads(
  results: readonly QueryResult[] | null,
): Pick<TransactionReads, 'touched' | 'wroteServerObjects'> {
  const [touched = null] = results?.length === 2 ? results : []
  return { touched, wroteServerObjects: booleanOf(results?.at(-1)) }
}

function booleanOf(result: QueryResult | undefined): boolean | null {
  return result === undefined ? null : result.rows[0]?.[0] === true
}
