import type { Statement } from '../../src/ddl/statement.js'
import { errorText } from './error-text.js'
import type { Place } from './place.js'

/** A statement of a plan that PostgreSQL refused. */
export interface Failure {
  readonly statement: Statement
  readonly error: string
}

/**
 * Runs the statements of a plan in their order: those that may be in a transaction together, the others alone.
 * Returns the one that failed, null if none did.
 */
export async function apply(place: Place, statements: readonly Statement[]): Promise<Failure | null> {
  for (const group of groups(statements)) {
    const failure = await applyGroup(place, group)
    if (failure !== null) return failure
  }
  return null
}

async function applyGroup(place: Place, group: readonly Statement[]): Promise<Failure | null> {
  let current = group[0]
  const runAll = async (): Promise<void> => {
    for (const statement of group) {
      current = statement
      await place.client.query(statement.sql)
    }
  }
  try {
    await (current?.transactional === true ? place.atomically(runAll) : runAll())
    return null
  } catch (error) {
    if (current === undefined) throw error
    return { statement: current, error: errorText(error) }
  }
}

/** Neighbours that may share a transaction, and each other statement alone. */
function groups(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const found: Statement[][] = []
  for (const statement of statements) {
    const last = found.at(-1)
    if (statement.transactional && last?.[0]?.transactional === true) last.push(statement)
    else found.push([statement])
  }
  return found
}
