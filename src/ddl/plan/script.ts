import { toPrintable } from '../../core/text/printable.js'
import { describeHazard, type Plan, type PlanRefusal, type Statement } from '../statement.js'

/**
 * A plan as a file of SQL for psql: what PostgreSQL lets share a transaction does, hazards stand above their statements,
 * and what is not written is said at the top.
 */
export function renderScript({ statements, refused }: Plan): string {
  return [...refused.map(renderRefusal), ...groupByTransaction(statements).map(renderGroup)].join('\n\n')
}

/** A statement with its hazards above it, ready to be read or run. */
function renderStatement({ sql, hazards }: Statement): string {
  return [...hazards.map((hazard) => `-- ${toPrintable(describeHazard(hazard))}`), `${sql};`].join('\n')
}

/** Why there is no statement, as a comment of SQL. */
function renderRefusal({ key, reason, decide }: PlanRefusal): string {
  const lines = [`NOT WRITTEN: ${key}`, `  ${reason}`, `  decide: ${decide}`]
  return lines.map((line) => `-- ${toPrintable(line)}`).join('\n')
}

/** Runs of statements that share a transaction, and those that cannot or had better not, each alone. */
function groupByTransaction(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const groups: Statement[][] = []
  for (const statement of statements) {
    const last = groups.at(-1)
    if (last?.every(canShareTransaction) === true && canShareTransaction(statement)) last.push(statement)
    else groups.push([statement])
  }
  return groups
}

function canShareTransaction({ transactional, alone }: Statement): boolean {
  return transactional && alone !== true
}

function renderGroup(group: readonly Statement[]): string {
  const lines = group.map(renderStatement)
  return group.length > 1 ? ['BEGIN;', ...lines, 'COMMIT;'].join('\n') : lines.join('\n')
}
