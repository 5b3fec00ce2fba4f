import type { Statement } from '../statement.js'

/** Consecutive statements that share a transaction; statements that cannot, or better do not, are groups of one. */
export function groupByTransaction(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const groups: Statement[][] = []
  for (const statement of statements) {
    const last = groups.at(-1)
    const [first] = last ?? []
    if (first !== undefined && canShareTransaction(first) && canShareTransaction(statement))
      last?.push(statement)
    else groups.push([statement])
  }
  return groups
}

/** Whether a statement among these cannot run in a transaction. */
export function runsOutsideTransaction(statements: readonly Pick<Statement, 'transactional'>[]): boolean {
  return statements.some(({ transactional }) => !transactional)
}

function canShareTransaction({ transactional, alone }: Statement): boolean {
  return transactional && alone !== true
}
