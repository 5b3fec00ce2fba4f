import { pause } from '../connection/backoff.js'
import { readBackendPid } from '../connection/query.js'
import { setServerParameters } from '../connection/settings.js'
import { startActivitySampler } from '../locks/session-activity.js'
import { lockConflictMessage, lockRetryDelay } from './lock-conflict.js'
import { recordRollback } from './record-rollback.js'
import type { ActiveRun, RunContext, RunState, MigrationStep } from './run-context.js'
import { captureServerMessages } from './server-messages.js'

/** Milliseconds that what writes the ledger waits for a lock where revisions wait for as long as it takes. */
const ledgerLockTimeout = 5_000

/**
 * Runs `use` while somebody looks at the session and listens to it. Nobody waits without end for what writes the ledger:
 * a revision may have locked it against itself, which PostgreSQL cannot know.
 */
export async function withActiveRun<T>(
  context: RunContext,
  total: number,
  use: (run: ActiveRun) => Promise<T>,
): Promise<T> {
  const { connection, session, auditClient } = context
  const watch = startActivitySampler(connection, session.pid, await readBackendPid(auditClient))
  const run = { context, state: createRunState(total), watch }
  const stopListening = captureServerMessages(run)
  try {
    await setServerParameters(
      auditClient,
      lockTimeoutSetting(context.lockTimeout || ledgerLockTimeout),
      'session',
    )
    const result = await use(run)
    await setServerParameters(session.client, { lock_timeout: '0' }, 'session')
    return result
  } finally {
    stopListening()
    await watch.end()
  }
}

function createRunState(total: number): RunState {
  return {
    total,
    applied: [],
    begun: [],
    running: null,
    serverMessages: new Map(),
    blockers: [],
    givenUp: null,
  }
}

function lockTimeoutSetting(milliseconds: number): { readonly lock_timeout: string } {
  return { lock_timeout: `${milliseconds}ms` }
}

/** Runs a step. One in a transaction begins again, with all of its revisions, for as long as only locks of others are in its way. */
export async function runWithLockRetry(
  step: MigrationStep,
  run: ActiveRun,
  attempt: () => Promise<void>,
): Promise<void> {
  const { context, state } = run
  const since = performance.now()
  for (let attempts = 1; ; attempts++) {
    resetAttempt(state)
    const timeout = step.transactional ? lockTimeoutSetting(context.lockTimeout) : { lock_timeout: '0' }
    await setServerParameters(context.session.client, timeout, 'session')
    try {
      return await attempt()
    } catch (error) {
      await waitBeforeRetry(error, { step, run, attempts, since })
    }
  }
}

function resetAttempt(state: RunState): void {
  state.begun = []
  state.running = null
  state.blockers = []
  state.serverMessages.clear()
}

interface Attempt {
  readonly step: MigrationStep
  readonly run: ActiveRun
  readonly attempts: number
  /** When the first one began. */
  readonly since: number
}

/** Returns when it is time to begin again; throws where that is no use. */
async function waitBeforeRetry(error: unknown, { step, run, attempts, since }: Attempt): Promise<void> {
  const { context, state, watch } = run
  const reason =
    step.transactional && context.signal?.aborted !== true ? lockConflictMessage(error, state) : null
  if (reason === null) throw error
  const revision = state.running?.migration.revision ?? step.migrations[0]?.revision ?? ''
  const blockers = state.blockers.length > 0 ? state.blockers : watch.blockers()
  const [delay, duration] = [lockRetryDelay(attempts), performance.now() - since]
  const isOwn = blockers.some(({ pid }) => pid === context.session.pid)
  if (isOwn || duration + delay > context.deadline) {
    state.givenUp = { revision, attempts, duration, blockers }
    throw error
  }
  const along = state.begun.filter((begun) => begun !== revision)
  context.report({ event: 'revision blocked', revision, reason, blockers, along, delay })
  state.running = null
  await recordRollback(error, run)
  state.begun = []
  await pause(delay, context.signal)
}
