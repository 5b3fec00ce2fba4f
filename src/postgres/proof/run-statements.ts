import type pg from 'pg'
import { groupByTransaction } from '../../ddl/plan/transactions.js'
import type { Statement } from '../../ddl/statement.js'
import { refusalOf, runInMessages } from '../connection/statement-messages.js'

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
  for (const group of groupByTransaction(statements)) {
    const failed = await (group.length === 1 ? runAlone(client, group) : runTransaction(client, group))
    if (failed !== null) return failed
  }
  return null
}

async function runAlone(
  client: pg.ClientBase,
  [statement]: readonly Statement[],
): Promise<FailedStatement | null> {
  if (statement === undefined) return null
  const error = await refusalOf(client, statement.sql)
  return error === null ? null : { statement, error }
}

/** What is deferred may fail at the commit, which is then the fault of the last statement. */
async function runTransaction(
  client: pg.ClientBase,
  group: readonly Statement[],
): Promise<FailedStatement | null> {
  await client.query('begin')
  const refused = await runInMessages(
    client,
    group.map(({ sql }) => sql),
  )
  if (refused !== null) await client.query('rollback')
  const error = refused === null ? await refusalOf(client, 'commit') : refused.error
  const statement = group.at(refused?.index ?? -1)
  return error === null || statement === undefined ? null : { statement, error }
}
