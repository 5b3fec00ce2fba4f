import { visible } from '../../core/text/printable.js'
import { describeHazard, type Plan, type Refusal, type Statement } from '../statement.js'

/**
 * A plan as a file of SQL for psql: what PostgreSQL lets share a transaction does, hazards stand above their statements,
 * and what is not written is said at the top.
 */
export function scriptOf({ statements, refused }: Plan): string {
  return [...refused.map(describeRefusal), ...groupsOf(statements).map(describeGroup)].join('\n\n')
}

/** A statement with its hazards above it, ready to be read or run. */
function describeStatement({ sql, hazards }: Statement): string {
  return [...hazards.map((hazard) => `-- ${visible(describeHazard(hazard))}`), `${sql};`].join('\n')
}

/** Why there is no statement, as a comment of SQL. */
function describeRefusal({ key, reason, decide }: Refusal): string {
  const lines = [`NOT WRITTEN: ${key}`, `  ${reason}`, `  decide: ${decide}`]
  return lines.map((line) => `-- ${visible(line)}`).join('\n')
}

/** Runs of statements that share a transaction, and those that cannot or had better not, each alone. */
function groupsOf(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const groups: Statement[][] = []
  for (const statement of statements) {
    const last = groups.at(-1)
    if (last?.every(canShare) === true && canShare(statement)) last.push(statement)
    else groups.push([statement])
  }
  return groups
}

function canShare({ transactional, alone }: Statement): boolean {
  return transactional && alone !== true
}

function describeGroup(group: readonly Statement[]): string {
  const lines = group.map(describeStatement)
  return group.length > 1 ? ['BEGIN;', ...lines, 'COMMIT;'].join('\n') : lines.join('\n')
}
