import type pg from 'pg'
import { diff } from '../../core/model/diff.js'
import type { Catalog } from '../../core/model/catalog.js'
import { formatCount } from '../../core/text/format.js'
import { timeoutsOf } from '../../ddl/plan/runbook.js'
import { groupByTransaction } from '../../ddl/plan/transactions.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import type { Statement } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { setServerParameters } from '../../postgres/connection/settings.js'
import { oneByOne } from '../../postgres/connection/statement-messages.js'
import { allAnnotations } from '../../postgres/introspect/read-catalog.js'
import { appendEntries } from '../../postgres/ledger/ledger.js'
import { startActivitySampler } from '../../postgres/locks/session-activity.js'
import { withHeartbeat } from '../../postgres/migrate/heartbeat.js'
import { runStep } from '../../postgres/proof/run-statements.js'
import { withLockedSession } from '../../postgres/session/locked-session.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { LockedSession } from '../../postgres/session/sessions.js'
import { failedStepError, stoppedError } from './apply-error.js'
import { findLeftIndexes } from './left-indexes.js'
import { stepLabel } from './step.js'

/** A plan that was shown and confirmed, and the catalog that it is for. */
export interface ConfirmedPlan {
  readonly plan: ProvenPlan
  readonly from: Catalog
}

/**
 * Runs a plan under the migration lock, step by step: what shares a transaction is one step. The ledger keeps the beginning
 * and the end of each. Stops at the first error: what was done before stays. Returns how many steps were run.
 *
 * Throws SCHEMA_NOT_CONFIRMED where the database has changed since the plan was made, SCHEMA_APPLY_FAILED and
 * SCHEMA_INTERRUPTED with what is done and what is not, and the errors of taking the lock.
 */
export async function applyPlan(options: MigrateOptions, { plan, from }: ConfirmedPlan): Promise<number> {
  const steps = groupByTransaction(plan.statements)
  return withLockedSession({ ...options, annotations: allAnnotations }, async (opened) => {
    refuseChanged(diff(from, opened.inspection.live).length)
    const locked = await opened.prepareLedgers()
    const sampler = startActivitySampler(locked.session.watchdog.client, locked.session.pid)
    try {
      for (const index of steps.keys()) {
        if (options.signal?.aborted === true) throw stoppedError(steps, index, options.target)
        await applyStep(steps, index, locked, { options, sampler, from })
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

interface StepContext extends Pick<ConfirmedPlan, 'from'> {
  readonly options: MigrateOptions
  readonly sampler: ReturnType<typeof startActivitySampler>
}

async function applyStep(
  steps: readonly (readonly Statement[])[],
  index: number,
  locked: LockedSession,
  { options, sampler, from }: StepContext,
): Promise<void> {
  const step = steps[index] ?? []
  const what = stepLabel(steps, index)
  const startedAt = performance.now()
  options.report({ event: 'repairing', what })
  await record(locked, step, { event: 'repairing' })
  const { client } = locked.session
  await setTimeouts(client, step, options.policy.lockTimeout)
  const failed = await withHeartbeat(
    sampler,
    (heartbeat) => options.report({ event: 'repair running', what, ...heartbeat }),
    () => runStep(client, step, oneByOne),
  )
  if (failed !== null) {
    const left = await findLeftIndexes(locked.auditClient, failed.statement, from)
    throw failedStepError({ ...failed, left }, steps, index, options.target)
  }
  await record(locked, step, { event: 'repaired', duration: performance.now() - startedAt })
}

function setTimeouts(client: pg.Client, step: readonly Statement[], allowed: number): Promise<void> {
  const { lockTimeout, statementTimeout } = timeoutsOf(step, allowed)
  const settings = { lock_timeout: String(lockTimeout), statement_timeout: String(statementTimeout) }
  return setServerParameters(client, settings, 'session')
}

function record(
  locked: LockedSession,
  step: readonly Statement[],
  entry: { readonly event: 'repairing' } | { readonly event: 'repaired'; readonly duration: number },
): Promise<void> {
  const statements = step.map(({ sql }) => sql)
  return appendEntries(locked.auditClient, locked, [{ ...entry, revision: null, detail: { statements } }])
}
