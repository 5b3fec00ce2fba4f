import { toPrintable } from '../../core/text/printable.js'
import { describeProof, type ProvenPlan } from '../proof.js'
import type { PlanRefusal, Statement } from '../statement.js'
import {
  noContext,
  type PlanContext,
  runbookLines,
  stepHazards,
  type StepTimeouts,
  timeoutsOf,
} from './runbook.js'
import { groupByTransaction } from './transactions.js'

/** How long a step of a script waits for a lock, in milliseconds. */
const lockTimeout = 5_000

/**
 * A plan as an SQL file for psql. Statements share a transaction where PostgreSQL allows it, hazards are comments above
 * their statements; at the top are comments that say whether it was run, what is not written, and what to know before it is
 * run. Empty for an empty plan.
 */
export function renderScript(
  { statements, refused, proof }: ProvenPlan,
  context: PlanContext = noContext,
): string {
  const steps = groupByTransaction(statements)
  const runbook = runbookLines(steps, lockTimeout, context)
  const hasHazards = statements.some(({ hazards }) => hazards.length > 0)
  const settings = hasHazards ? steps.map((step) => renderTimeouts(timeoutsOf(step, lockTimeout))) : []
  return [
    ...(proof === null ? [] : [toComment(describeProof(proof))]),
    ...refused.map(renderRefusal),
    ...(runbook.length === 0 ? [] : [toComment(runbook)]),
    ...steps.flatMap((step, index) => [
      ...(settings[index] === settings[index - 1] ? [] : [settings[index] ?? '']),
      renderStep(step, context),
    ]),
  ].join('\n\n')
}

function renderTimeouts({ lockTimeout: lock, statementTimeout: statement }: StepTimeouts): string {
  return `SET lock_timeout = ${renderTime(lock)};\nSET statement_timeout = ${renderTime(statement)};`
}

function renderTime(milliseconds: number): string {
  return milliseconds === 0 ? '0' : `'${milliseconds / 1000}s'`
}

function toComment(lines: readonly string[]): string {
  return lines.map((line) => `-- ${toPrintable(line)}`).join('\n')
}

/** Why there is no statement, as an SQL comment. */
function renderRefusal({ key, reason, decide }: PlanRefusal): string {
  return toComment([`NOT WRITTEN: ${key}`, `  ${reason}`, `  decide: ${decide}`])
}

/** The statements of a step, each with its hazards as comments above it. */
function renderStep(step: readonly Statement[], context: PlanContext): string {
  const hazards = stepHazards(step, context)
  const lines = step.flatMap(({ sql }, index) => [
    ...(hazards[index] ?? []).map((hazard) => `-- ${toPrintable(hazard)}`),
    `${sql};`,
  ])
  return step.length > 1 ? ['BEGIN;', ...lines, 'COMMIT;'].join('\n') : lines.join('\n')
}
