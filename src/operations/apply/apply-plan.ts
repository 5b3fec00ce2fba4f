import type pg from 'pg'
import { diff } from '../../core/model/diff.js'
import type { Catalog } from '../../core/model/catalog.js'
import { formatCount } from '../../core/text/format.js'
import { timeoutsOf } from '../../ddl/plan/runbook.js'
import { groupByTransaction } from '../../ddl/plan/transactions.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import type { Statement } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { isSessionLost } from '../../postgres/connection/lifecycle.js'
import { setServerParameters } from '../../postgres/connection/settings.js'
import type { ReadRetryOptions } from '../../postgres/inspect/read-with-retry.js'
import { allAnnotations } from '../../postgres/introspect/read-catalog.js'
import { startActivitySampler } from '../../postgres/locks/session-activity.js'
import { withLockedSession } from '../../postgres/session/locked-session.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import { stoppedError } from './apply-error.js'
import type { ApplyRun } from './apply-run.js'
import { failStep } from './fail-step.js'
import { loseStep } from './lose-step.js'
import { recordStep } from './record-step.js'
import { cancelOnStop, runConfirmedStep, type StepProgress } from './run-step.js'
import { readSessionMark } from './settle-step.js'
import { stepLabel } from './step.js'
import { watchStep } from './watch-step.js'

/** A plan that was shown and confirmed, and the catalog that it is for. */
export interface ConfirmedPlan {
  readonly plan: ProvenPlan
  readonly from: Catalog
  /** How long to wait for the database where the connection is lost. */
  readonly retry: ReadRetryOptions
}

/**
 * Runs a plan under the migration lock, step by step: what shares a transaction is one step. The ledger keeps the beginning
 * and the end of each. Stops at the first error: what was done before stays. Returns how many steps were run.
 *
 * Throws SCHEMA_NOT_CONFIRMED where the database has changed since the plan was made; SCHEMA_APPLY_FAILED,
 * SCHEMA_APPLY_BLOCKED, SCHEMA_DATABASE_UNREACHABLE and SCHEMA_INTERRUPTED with what is done and what is not; and the errors of
 * taking the lock.
 */
export async function applyPlan(
  options: MigrateOptions,
  { plan, from, retry }: ConfirmedPlan,
): Promise<number> {
  const steps = groupByTransaction(plan.statements)
  return withLockedSession({ ...options, annotations: allAnnotations }, async (opened) => {
    refuseChanged(diff(from, opened.inspection.live).length)
    const locked = await opened.prepareLedgers()
    const { pid, watchdog } = locked.session
    const mark = await readSessionMark(locked.auditClient, pid)
    const sampler = startActivitySampler(watchdog.client, pid)
    try {
      for (const index of steps.keys()) {
        if (options.signal?.aborted === true) throw stoppedError(steps, index, options.target)
        await applyStep({ steps, options, locked, mark, sampler, retry }, index)
      }
      return steps.length
    } finally {
      await sampler.end()
    }
  })
}

function refuseChanged(differences: number): void {
  if (differences === 0) return
  throw new SchemaError('SCHEMA_NOT_CONFIRMED', {
    what: `The database has changed since the SQL was made: ${formatCount(differences, 'object')} of it. Nothing was done.`,
    choices: [['run it again', 'makes and shows the SQL for the database as it is now']],
  })
}

async function applyStep(run: ApplyRun, index: number): Promise<void> {
  const { options, locked } = run
  let progress: StepProgress = { at: 'before' }
  const advance = (next: StepProgress): void => {
    progress = next
  }
  options.report({ event: 'repairing', what: stepLabel(run.steps, index) })
  try {
    await runRecorded(run, index, advance, () => progress)
  } catch (error) {
    if (error instanceof SchemaError || !isSessionLost(error, [locked.session.client, locked.auditClient]))
      throw error
    throw await loseStep(run, index, progress, error)
  }
}

async function runRecorded(
  run: ApplyRun,
  index: number,
  advance: (progress: StepProgress) => void,
  current: () => StepProgress,
): Promise<void> {
  const { options, locked } = run
  const step = run.steps[index] ?? []
  const startedAt = performance.now()
  await recordStep(locked.auditClient, locked, step, { event: 'repairing' })
  await setTimeouts(locked.session.client, step, options.policy.lockTimeout)
  const stopping = { signal: options.signal, isRunning: () => current().at === 'running' }
  const failed = await watchStep(run, index, () =>
    cancelOnStop(locked, stopping, () => runConfirmedStep(locked, step, advance)),
  )
  const duration = performance.now() - startedAt
  if (failed !== null) throw await failStep(run, index, { ...failed, duration, progress: current() })
  advance({ at: 'after' })
  await recordStep(locked.auditClient, locked, step, { event: 'repaired', duration })
}

function setTimeouts(client: pg.Client, step: readonly Statement[], allowed: number): Promise<void> {
  const { lockTimeout, statementTimeout } = timeoutsOf(step, allowed)
  const settings = { lock_timeout: String(lockTimeout), statement_timeout: String(statementTimeout) }
  return setServerParameters(client, settings, 'session')
}
