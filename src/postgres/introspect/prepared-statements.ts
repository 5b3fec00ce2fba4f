import type pg from 'pg'
import { queryAll, type QueryResult } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { endReading, messageInTransaction } from './canonical-session.js'

/** A parameter of a statement: its type, and its value as SQL. */
export interface Parameter {
  readonly type: 'text[]' | 'oid[]'
  readonly value: string
}

export function oidArray(oids: readonly number[]): Parameter {
  return { type: 'oid[]', value: `'{${oids.join(',')}}'` }
}

/** A read within the client's transaction that is a part of a message with more. */
export interface ComposedRead<Read> {
  readonly text: string
  /** `results` are those of its statements. */
  readonly parse: (results: readonly QueryResult[]) => Promise<Read>
}

/** The call of a statement. It is prepared in the same message where the session does not have it. */
export type ExecuteStatement = (sql: string, parameters: readonly Parameter[]) => string

/** The statements that a session has prepared: their names by their SQL. */
interface PreparedStatements {
  readonly names: Map<string, string>
  /** For a name that the session has never had. */
  next: number
  /** How many messages were sent. */
  messages: number
}

/** After so many messages the catalogs are no longer as large as when the statements were planned. */
const planAgainAfter = new Set([128, 512, 2048, 8192])

const sessions = new WeakMap<pg.ClientBase, PreparedStatements>()

/** Settings under which a statement is planned for the few rows that it finds by index. */
export const planForFewRows = ['seqscan', 'hashjoin', 'mergejoin'].map(
  (name) => `set local enable_${name} to off`,
)

/**
 * Runs queries within the client's transaction, in one round trip. They are planned once a session, because that takes longer
 * than to run them. `compose` returns the statements. Null where a migration has dropped what was prepared (DEALLOCATE ALL,
 * DISCARD ALL): the next call prepares it again.
 */
export async function queryPrepared(
  client: pg.ClientBase,
  compose: (execute: ExecuteStatement) => readonly string[],
): Promise<readonly QueryResult[] | null> {
  try {
    return await queryAll(client, composePrepared(client, compose))
  } catch (error) {
    forgetPrepared(client)
    if (!hasSqlState(error, sqlState.invalidStatementName)) throw error
    await client.query(endReading)
    return null
  }
}

/** The message of `queryPrepared`, for one that sends more in it. Where that fails it has to call `forgetPrepared`. */
export function composePrepared(
  client: pg.ClientBase,
  compose: (execute: ExecuteStatement) => readonly string[],
): string {
  const prepared = sessions.get(client) ?? { names: new Map<string, string>(), next: 0, messages: 0 }
  sessions.set(client, prepared)
  if (planAgainAfter.has(++prepared.messages)) prepared.names.clear()
  const prepares: string[] = []
  const statements = compose((sql, parameters) => executeStatement(sql, parameters, prepared, prepares))
  const planOnce = 'set local plan_cache_mode to force_generic_plan'
  return messageInTransaction([planOnce, ...prepares, ...statements])
}

/** Has the statements of a session prepared again by the next message. */
export function forgetPrepared(client: pg.ClientBase): void {
  sessions.get(client)?.names.clear()
}

function executeStatement(
  sql: string,
  parameters: readonly Parameter[],
  prepared: PreparedStatements,
  prepares: string[],
): string {
  const known = prepared.names.get(sql)
  const name = known ?? `schemagate_${prepared.next++}`
  if (known === undefined) {
    prepared.names.set(sql, name)
    prepares.push(`prepare ${name}${listOf(parameters.map(({ type }) => type))} as ${sql}`)
  }
  return `execute ${name}${listOf(parameters.map(({ value }) => value))}`
}

function listOf(items: readonly string[]): string {
  return items.length === 0 ? '' : `(${items.join(', ')})`
}
