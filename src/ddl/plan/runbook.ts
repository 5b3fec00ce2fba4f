import { formatCount } from '../../core/text/format.js'
import { type LockMode, lockModes, type Statement } from '../statement.js'
import { runsOutsideTransaction } from './transactions.js'

/** How long the statements of a step may wait for a lock and run, in milliseconds; 0 is without end. */
export interface StepTimeouts {
  readonly lockTimeout: number
  readonly statementTimeout: number
}

/** What is only waited for is over in a moment, or holds up everybody who came after it. */
const shortStatement = 60_000

/**
 * CREATE INDEX CONCURRENTLY that gives up waiting leaves an invalid index, so what runs outside a transaction waits without
 * end. What reads or writes a whole table takes as long as it takes.
 *
 * @param lockTimeout for what can be rolled back
 */
export function timeoutsOf(step: readonly Statement[], lockTimeout: number): StepTimeouts {
  if (runsOutsideTransaction(step)) return { lockTimeout: 0, statementTimeout: 0 }
  const takesTime = step.some(({ hazards }) =>
    hazards.some(({ hazard }) => hazard === 'table rewrite' || hazard === 'full scan'),
  )
  return { lockTimeout, statementTimeout: takesTime ? 0 : shortStatement }
}

/** Null where neither readers nor writers wait. */
const waiters: Readonly<Record<LockMode, string | null>> = {
  'ACCESS EXCLUSIVE': 'readers and writers wait',
  EXCLUSIVE: 'writers wait',
  'SHARE ROW EXCLUSIVE': 'writers wait',
  SHARE: 'writers wait',
  'SHARE UPDATE EXCLUSIVE': null,
}

/** Who waits for a lock: `readers and writers wait`; null where neither do. */
export function waitersFor(mode: LockMode): string | null {
  return waiters[mode]
}

/**
 * What to know before the steps of a plan are run: how many there are, who waits for which lock, what happens to a step that
 * waits, what cannot be undone, and how to watch it. Empty where nobody else notices the plan.
 */
export function runbookLines(
  steps: readonly (readonly Statement[])[],
  lockTimeout: number,
): readonly string[] {
  const statements = steps.flat()
  const hazards = statements.flatMap((statement) => statement.hazards)
  if (hazards.length === 0) return []
  const modes = lockModes.filter(
    (mode) => waiters[mode] !== null && hazards.some((hazard) => 'lock' in hazard && hazard.lock === mode),
  )
  const losses = hazards.flatMap((hazard) => (hazard.hazard === 'data loss' ? [hazard.what] : []))
  return [
    `${formatCount(statements.length, 'statement')} in ${formatCount(steps.length, 'step')}; what is between BEGIN and COMMIT is all or nothing`,
    ...modes.map((mode) => `  ${mode} lock: ${waiters[mode]}, until its step is committed`),
    ...(modes.length === 0
      ? []
      : [
          `  a step that waits more than ${lockTimeout / 1000} s for a lock fails, changes nothing, and can be run again`,
        ]),
    ...losses.map((what) => `  cannot be undone: it loses ${what}`),
    '  to watch it: SELECT pid, wait_event_type, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE datname = current_database()',
  ]
}
