import type { Statement } from '../../src/ddl/statement.js'
import { groupByTransaction } from '../../src/ddl/plan/transactions.js'
import type { FailedStatement } from '../../src/postgres/proof/run-statements.js'
import type { LoadedDatabase } from './loaded-database.js'

/**
 * Runs the statements of a plan in their order and with their transactions. Returns the statement that failed, null if none did.
 */
export async function runStatements(
  database: LoadedDatabase,
  statements: readonly Statement[],
): Promise<FailedStatement | null> {
  for (const group of groupByTransaction(statements)) {
    const failed = await runGroup(database, group)
    if (failed !== null) return failed
  }
  return null
}

async function runGroup(
  { client, atomically }: LoadedDatabase,
  group: readonly Statement[],
): Promise<FailedStatement | null> {
  let current = group[0]
  const runAll = async (): Promise<void> => {
    for (const statement of group) {
      current = statement
      await client.query(statement.sql)
    }
  }
  try {
    await (current?.transactional === true ? atomically(runAll) : runAll())
    return null
  } catch (error) {
    if (current === undefined || !(error instanceof Error)) throw error
    return { statement: current, error }
  }
}
