import type pg from 'pg'
import { groupByTransaction } from '../../ddl/plan/transactions.js'
import type { Statement } from '../../ddl/statement.js'
import { isConnectionLost } from '../connection/sqlstate.js'
import { inMessages, type StatementSender } from '../connection/statement-messages.js'

/** A statement of a plan that PostgreSQL refused. */
export interface FailedStatement {
  readonly statement: Statement
  readonly error: Error
}

/**
 * Runs statements as psql runs the script that is made from them, with the same transactions. Returns the statement that
 * failed; null if none did.
 */
export async function runStatements(
  client: pg.ClientBase,
  statements: readonly Statement[],
): Promise<FailedStatement | null> {
  for (const step of groupByTransaction(statements)) {
    const failed = await runStep(client, step, inMessages)
    if (failed !== null) return failed
  }
  return null
}

/**
 * Runs one step of a plan: several statements are all or nothing, one alone has no transaction block. Returns the statement that
 * failed; null if none did. What is deferred may fail at the commit, which is then the fault of the last statement.
 */
export async function runStep(
  client: pg.ClientBase,
  step: readonly Statement[],
  send: StatementSender,
): Promise<FailedStatement | null> {
  const [first] = step
  if (step.length < 2) return first === undefined ? null : failure(first, await send.one(client, first.sql))
  await client.query('begin')
  const refused = await send.many(
    client,
    step.map(({ sql }) => sql),
  )
  if (refused === null) return failure(step.at(-1), await send.one(client, 'commit'))
  if (!isConnectionLost(refused.error)) await client.query('rollback')
  return failure(step[refused.index], refused.error)
}

function failure(statement: Statement | undefined, error: Error | null): FailedStatement | null {
  return statement === undefined || error === null ? null : { statement, error }
}
