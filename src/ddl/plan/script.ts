import { toPrintable } from '../../core/text/printable.js'
import { describeHazard, type Plan, type PlanRefusal, type Statement } from '../statement.js'

/**
 * A plan as an SQL file for psql. Statements share a transaction where PostgreSQL allows it, hazards are comments above
 * their statements, and refusals are comments at the top.
 */
export function renderScript({ statements, refused }: Plan): string {
  return [...refused.map(renderRefusal), ...groupByTransaction(statements).map(renderGroup)].join('\n\n')
}

/** A statement with its hazards as comments above it. */
function renderStatement({ sql, hazards }: Statement): string {
  return [...hazards.map((hazard) => `-- ${toPrintable(describeHazard(hazard))}`), `${sql};`].join('\n')
}

/** Why there is no statement, as an SQL comment. */
function renderRefusal({ key, reason, decide }: PlanRefusal): string {
  const lines = [`NOT WRITTEN: ${key}`, `  ${reason}`, `  decide: ${decide}`]
  return lines.map((line) => `-- ${toPrintable(line)}`).join('\n')
}

/** Consecutive statements that share a transaction; statements that cannot, or better do not, are groups of one. */
function groupByTransaction(statements: readonly Statement[]): readonly (readonly Statement[])[] {
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

function canShareTransaction({ transactional, alone }: Statement): boolean {
  return transactional && alone !== true
}

function renderGroup(group: readonly Statement[]): string {
  const lines = group.map(renderStatement)
  return group.length > 1 ? ['BEGIN;', ...lines, 'COMMIT;'].join('\n') : lines.join('\n')
}
