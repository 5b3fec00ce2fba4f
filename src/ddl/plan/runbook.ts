import { formatCount, shortenList } from '../../core/text/format.js'
import { describeTableSize, type TableSize } from '../../core/text/table-size.js'
import {
  describeHazard,
  type Hazard,
  type LockMode,
  lockModes,
  type Plan,
  type Statement,
} from '../statement.js'
import { runsOutsideTransaction } from './transactions.js'

/** How long the statements of a step may wait for a lock and run, in milliseconds; 0 is without end. */
export interface StepTimeouts {
  readonly lockTimeout: number
  readonly statementTimeout: number
}

/** What is known of a plan besides its statements. */
export interface PlanContext {
  /** The sizes of tables in the database that it is for, by their names in SQL. */
  readonly sizes: ReadonlyMap<string, TableSize>
  /** What takes it back; null where that is not known. */
  readonly undo: Plan | null
  /** Whether what it leads from is gone once it has run. */
  readonly isLive: boolean
}

export const noContext: PlanContext = { sizes: new Map(), undo: null, isLive: false }

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
  // What waits for a lock ends by its lock_timeout.
  const wait = lockTimeout < shortStatement ? 0 : lockTimeout
  return { lockTimeout, statementTimeout: takesTime || lockTimeout === 0 ? 0 : shortStatement + wait }
}

/** Who waits while a lock is held. */
const waiters: Readonly<Record<LockMode, string>> = {
  'ACCESS EXCLUSIVE': 'readers and writers wait',
  EXCLUSIVE: 'writers wait',
  'SHARE ROW EXCLUSIVE': 'writers wait',
  SHARE: 'writers wait',
  'SHARE UPDATE EXCLUSIVE': 'readers and writers go on',
}

/** For each statement of a step its hazards as text. A lock that the step holds already is not said again. */
export function stepHazards(
  step: readonly Statement[],
  { sizes }: Pick<PlanContext, 'sizes'>,
): readonly (readonly string[])[] {
  const held = new Map<string, LockMode>()
  return step.map((statement) =>
    statement.hazards
      .filter((hazard) => !isHeld(hazard, held))
      .map((hazard) => explainHazard(hazard, statement, sizes)),
  )
}

/** Whether a step holds the lock of a hazard already; if not, it does from now on. */
function isHeld(hazard: Hazard, held: Map<string, LockMode>): boolean {
  if (!('lock' in hazard)) return false
  const { table, lock } = hazard
  const before = held.get(table)
  const isStrong = before !== undefined && lockModes.indexOf(before) <= lockModes.indexOf(lock)
  if (!isStrong) held.set(table, lock)
  return isStrong && hazard.hazard === 'lock'
}

/** A hazard with who waits, and how much is read or written. */
export function explainHazard(
  hazard: Hazard,
  { transactional }: Pick<Statement, 'transactional'>,
  sizes: PlanContext['sizes'],
): string {
  const lock = hazard.hazard === 'table rewrite' ? 'ACCESS EXCLUSIVE' : 'lock' in hazard ? hazard.lock : null
  const waiting = lock === null ? '' : `: ${waiters[lock]}`
  // What is built outside a transaction reads the table.
  const takesTime =
    hazard.hazard === 'full scan' || hazard.hazard === 'table rewrite' || (!transactional && waiting !== '')
  const size = takesTime && 'table' in hazard ? sizes.get(hazard.table ?? '') : undefined
  return `${describeHazard(hazard)}${size === undefined ? '' : `, ${describeTableSize(size)}`}${waiting}`
}

const watchQuery =
  'SELECT pid, wait_event_type, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE datname = current_database()'

/**
 * What to know before the steps of a plan are run: how many there are, what happens to a step that waits, how to watch it, how to
 * undo it, and what cannot be undone.
 */
export function runbookLines(
  steps: readonly (readonly Statement[])[],
  lockTimeout: number,
  context: PlanContext,
): readonly string[] {
  const statements = steps.flat()
  const hazards = statements.flatMap((statement) => statement.hazards)
  if (hazards.length === 0) return undoLines(context)
  const blocks = hazards.some((hazard) => 'lock' in hazard && hazard.lock !== 'SHARE UPDATE EXCLUSIVE')
  const waiting = `a step that waits more than ${lockTimeout / 1000} s for a lock fails, changes nothing, and can be run again`
  const lines = [
    ...(blocks ? [waiting] : []),
    ...(statements.some(buildsConcurrently) ? [leftIndex] : []),
    `to watch it: ${watchQuery}`,
    ...undoLines(context),
    ...shortenList(lossesOf(statements)).map((what) => `cannot be undone: it loses ${what}`),
  ]
  return [
    `${formatCount(statements.length, 'statement')} in ${formatCount(steps.length, 'step')}; what is between BEGIN and COMMIT is all or nothing, and holds its locks to its end`,
    ...lines.map((line) => `  ${line}`),
  ]
}

const leftIndex =
  'an index whose concurrent build fails is left, invalid; the SQL that schemagate writes then rebuilds it'

function buildsConcurrently({ sql, transactional }: Statement): boolean {
  return !transactional && /^CREATE (?:UNIQUE )?INDEX /.test(sql)
}

function undoLines({ undo, isLive }: PlanContext): readonly string[] {
  if (undo === null) return []
  const { statements, refused } = undo
  const count = formatCount(statements.length, 'statement')
  const when = isLive ? ', but only before this has run' : ''
  return [
    ...(statements.length === 0 ? [] : [`to undo it: ${count}, which --undo proves and prints${when}`]),
    ...shortenList(lossesOf(statements)).map((what) => `  undoing it loses ${what}`),
    ...shortenList(refused.map(({ key, reason }) => `cannot be undone: ${key}: ${reason}`)),
  ]
}

function lossesOf(statements: readonly Statement[]): readonly string[] {
  const losses = statements.flatMap(({ hazards }) =>
    hazards.flatMap((hazard) => (hazard.hazard === 'data loss' ? [hazard.what] : [])),
  )
  return [...new Set(losses)]
}
