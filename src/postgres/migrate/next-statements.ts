import type pg from 'pg'
import type { QueryResult } from '../connection/query.js'
import { hasSqlState, isServerError, sqlState } from '../connection/sqlstate.js'
import { forgetPrepared } from '../introspect/prepared-statements.js'
import { noteFailedStatement } from '../session/failed-statement.js'

/** What follows the code of a migration in its transaction, and is sent in the message that settles its session. */
export interface NextStatements {
  /** Reads what is to be looked at before the commit; null for nothing. */
  readonly read: string | null
  /** Records the revision if the condition is true, and returns a row; null where nobody reads the record. */
  readonly record: ((condition: string) => string) | null
}

export const nothingNext: NextStatements = { read: null, record: null }

export interface NextResults {
  /** Null where nothing was read. */
  readonly read: readonly QueryResult[] | null
  readonly isRecorded: boolean
}

/** Statements for the message that restores a session, before and after those that do. */
export interface MoreStatements {
  readonly before?: readonly string[]
  readonly after?: readonly string[]
}

/** A session that was restored. */
interface RestoredSession {
  /** Of the statements after those that restore it. */
  readonly results: readonly QueryResult[]
}

/** Restores a session in one message. */
type Restore<Checked> = (more: MoreStatements) => Promise<Checked>

/** Throws what it makes of the error of restoring a session. */
type Refuse = (error: unknown) => Promise<never>

/**
 * Restores the session, and sends in the same message what follows in its transaction. Where the code has ended that, or has
 * dropped the prepared statements, only restores it. The record is no part of the savepoint: hundreds of them would be as
 * many transactions to PostgreSQL.
 */
export async function restoreWithNext<Checked extends RestoredSession>(
  client: pg.ClientBase,
  code: { readonly transaction: string | null; readonly next: NextStatements },
  restore: Restore<Checked>,
  refuse: Refuse,
): Promise<Checked & { readonly next: NextResults | null }> {
  const { transaction, next } = code
  const { read, record } = next
  const restoreOnly = async () => ({ ...(await restore({}).catch(refuse)), next: null })
  if (transaction === null || (read === null && record === null)) return restoreOnly()
  const recording = record?.(isTransaction(transaction)) ?? ''
  const before = ['savepoint schemagate_settle']
  const after = [read ?? '', 'release savepoint schemagate_settle', recording].filter(Boolean)
  try {
    const checked = await restore({ before, after })
    return { ...checked, next: resultsOf(next, checked.results) }
  } catch (error) {
    forgetPrepared(client)
    if (hasSqlState(error, sqlState.noActiveTransaction)) return restoreOnly()
    if (hasSqlState(error, sqlState.inFailedTransaction)) return refuse(error)
    if (await returnToSavepoint(client, error)) {
      if (hasSqlState(error, sqlState.undefinedTable, sqlState.invalidStatementName)) return restoreOnly()
      throw error
    }
    if (hasSqlState(error, sqlState.readOnlyTransaction)) return refuse(error)
    noteFailedStatement(error, recording)
    // It is one in the whole message.
    if (isServerError(error)) error.position = undefined
    throw error
  }
}

/** The code may have begun another one. */
function isTransaction(id: string): string {
  return `pg_current_xact_id_if_assigned()::text = '${id}'`
}

function resultsOf({ read, record }: NextStatements, results: readonly QueryResult[]): NextResults {
  return {
    read: read === null ? null : results.slice(0, record === null ? undefined : -1),
    isRecorded: record !== null && results.at(-1)?.rows.length === 1,
  }
}

/** False where it is released already, so that the statement after it has failed. */
async function returnToSavepoint(client: pg.ClientBase, failure: unknown): Promise<boolean> {
  try {
    await client.query('rollback to savepoint schemagate_settle; release savepoint schemagate_settle')
    return true
  } catch (error) {
    if (hasSqlState(error, sqlState.invalidSavepoint)) return false
    // The first error says more than that of a lost connection.
    throw failure
  }
}
