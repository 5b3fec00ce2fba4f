import type { Blocker } from '../../core/progress/session-activity.js'
import { pause, withJitter } from '../connection/backoff.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { setServerParameters } from '../connection/settings.js'
import { driverErrorCode, isLockConflict, sqlState } from '../connection/sqlstate.js'
import { appendEntries, type LedgerEntry } from '../ledger/ledger.js'
import { type LoadedRevision, type RunState, serverMessageOf } from './run-state.js'
import { lockTimeoutSetting } from './run.js'
import type { ActiveRun } from './active-run.js'

/** Revisions that share a transaction, or a single one without. */
export interface MigrationStep {
  readonly transactional: boolean
  readonly revisions: readonly LoadedRevision[]
}

/**
 * Runs a step. A step in a transaction is rolled back and tried again, with all its revisions, as long as only locks of
 * others block it and the deadline has not passed.
 */
export async function runWithLockRetry(
  step: MigrationStep,
  run: ActiveRun,
  runStep: () => Promise<void>,
): Promise<void> {
  const { context, progress } = run
  const since = performance.now()
  for (let attempts = 1; ; attempts++) {
    progress.beginAttempt(step.revisions.length)
    const lockTimeout = step.transactional ? context.policy.lockTimeout : 0
    await setServerParameters(context.session.client, lockTimeoutSetting(lockTimeout), 'session')
    try {
      return await runStep()
    } catch (error) {
      const reason = mayBeRepeated(step, run) ? lockConflictMessage(error, progress.state) : null
      if (reason === null) throw error
      const conflict = conflictOf(step, run, attempts, performance.now() - since)
      if (!mayRetry(conflict, run)) {
        progress.fail(conflict)
        throw error
      }
      await prepareRetry(run, conflict, reason, error)
    }
  }
}

/** What a step has committed by itself cannot be rolled back and tried again. */
function mayBeRepeated({ transactional }: MigrationStep, { context, progress }: ActiveRun): boolean {
  return transactional && progress.state.endedTransaction === null && context.signal?.aborted !== true
}

interface LockConflict {
  readonly revision: string
  readonly attempts: number
  readonly duration: number
  readonly blockers: readonly Blocker[]
  /** Milliseconds until the next attempt. */
  readonly delay: number
}

function conflictOf(
  { revisions }: MigrationStep,
  { progress: { state }, sampler }: ActiveRun,
  attempts: number,
  duration: number,
): LockConflict {
  const revision = state.running?.revision ?? revisions[0]?.revision ?? ''
  const blockers = state.blockers.length > 0 ? state.blockers : sampler.blockers()
  return { revision, attempts, duration, blockers, delay: lockRetryDelay(attempts) }
}

/** A lock of our own session never goes away by waiting. */
function mayRetry({ blockers, duration, delay }: LockConflict, { context }: ActiveRun): boolean {
  const isOwn = blockers.some(({ pid }) => pid === context.session.pid)
  return !isOwn && duration + delay <= context.policy.deadline
}

async function prepareRetry(
  run: ActiveRun,
  { revision, blockers, delay }: LockConflict,
  reason: string,
  error: unknown,
): Promise<void> {
  const { context, progress } = run
  const along = progress.state.begun.filter((begun) => begun !== revision)
  context.report({ event: 'revision blocked', revision, reason, blockers, along, delay })
  progress.endRevision()
  await recordRollback(error, run)
  progress.rollBackAttempt()
  await pause(delay, context.signal)
}

/**
 * Records an attempt that failed: the running revision as `failed`, the others of its transaction, and what is tried again,
 * as `undone`. A revision outside a transaction whose connection was lost stays `started`, as after a kill: only the
 * server knows how far it came.
 */
export async function recordRollback(failure: unknown, { context, progress }: ActiveRun): Promise<void> {
  const { auditClient, session, report } = context
  const { begun, running, serverMessages } = progress.state
  if (running?.transactional === false && isSessionLost(failure, [session.client])) return
  const error = serverMessageOf(failure, serverMessages)
  const entries = begun.map((revision) => ({ ...rollbackEntry(revision, running), error }))
  await appendEntries(auditClient, context, entries).catch((cause: unknown) =>
    // The error to show is the first one: the database may be what failed.
    report({
      event: 'notice',
      revision: running?.revision ?? null,
      severity: 'WARNING',
      message: `the failure could not be recorded in the ledger: ${serverMessageOf(cause, serverMessages)}`,
    }),
  )
}

/** A failure outside a transaction may leave objects behind: the next run has to know the text that was run. */
function rollbackEntry(revision: string, running: LoadedRevision | null): LedgerEntry {
  if (running === null || running.revision !== revision) return { revision, event: 'undone' }
  const { checksum, file, transactional } = running
  return { revision, event: 'failed', checksum, detail: { file, transaction: transactional } }
}

/**
 * PostgreSQL's message if an attempt failed only because of locks of others, so that a later attempt may succeed; else null.
 * Knex hides the SQLSTATE where it waited for its lock row, and a migration that goes on after an error gets a different
 * one: in both cases the last message counts.
 */
function lockConflictMessage(error: unknown, { serverMessages }: RunState): string | null {
  if (!(error instanceof Error)) return null
  const code = driverErrorCode(error)
  const isHidden = code === sqlState.inFailedTransaction || error.name === 'MigrationLocked'
  const last = [...serverMessages.keys()].findLast((known) => known !== sqlState.inFailedTransaction)
  const cause = isHidden ? (last ?? '') : code
  return isLockConflict(cause) ? (serverMessages.get(cause) ?? error.message) : null
}

/** The pause after so many attempts, in milliseconds: half a second, then longer, with jitter. */
function lockRetryDelay(attempts: number): number {
  return withJitter(Math.min(10_000, 500 * 2 ** (attempts - 1)))
}
