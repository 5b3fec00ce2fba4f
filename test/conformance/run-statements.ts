import type { Statement } from '../../src/ddl/statement.js'
import { errorText } from './error-text.js'
import type { LoadedDatabase } from './loaded-database.js'

/** A statement of a plan that PostgreSQL refused. */
export interface FailedStatement {
  readonly statement: Statement
  readonly error: string
}

/**
 * Runs the statements of a plan in their order: consecutive transactional statements in one transaction, the others
 * alone. Returns the statement that failed, null if none did.
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
    if (current === undefined) throw error
    return { statement: current, error: errorText(error) }
  }
}

function groupByTransaction(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const groups: Statement[][] = []
  for (const statement of statements) {
    const last = groups.at(-1)
    if (statement.transactional && last?.[0]?.transactional === true) last.push(statement)
    else groups.push([statement])
  }
  return groups
}
