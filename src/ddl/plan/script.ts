import { toPrintable } from '../../core/text/printable.js'
import { describeProof, type ProvenPlan } from '../proof.js'
import { describeHazard, type PlanRefusal, type Statement } from '../statement.js'
import { groupByTransaction } from './transactions.js'

/**
 * A plan as an SQL file for psql. Statements share a transaction where PostgreSQL allows it, hazards are comments above
 * their statements; at the top are comments that say whether it was run, and what is not written. Empty for an empty plan.
 */
export function renderScript({ statements, refused, proof }: ProvenPlan): string {
  return [
    ...(proof === null ? [] : [toComment(describeProof(proof))]),
    ...refused.map(renderRefusal),
    ...groupByTransaction(statements).map(renderGroup),
  ].join('\n\n')
}

function toComment(lines: readonly string[]): string {
  return lines.map((line) => `-- ${toPrintable(line)}`).join('\n')
}

/** A statement with its hazards as comments above it. */
function renderStatement({ sql, hazards }: Statement): string {
  return [...hazards.map((hazard) => `-- ${toPrintable(describeHazard(hazard))}`), `${sql};`].join('\n')
}

/** Why there is no statement, as an SQL comment. */
function renderRefusal({ key, reason, decide }: PlanRefusal): string {
  return toComment([`NOT WRITTEN: ${key}`, `  ${reason}`, `  decide: ${decide}`])
}

function renderGroup(group: readonly Statement[]): string {
  const lines = group.map(renderStatement)
  return group.length > 1 ? ['BEGIN;', ...lines, 'COMMIT;'].join('\n') : lines.join('\n')
}
