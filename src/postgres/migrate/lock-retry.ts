import { pause } from '../connection/backoff.js'
import { configure } from '../connection/settings.js'
import { watchActivity } from '../locks/session-activity.js'
import { backendPid } from '../session/knex-session.js'
import { blockage, pauseAfter } from './lock-conflict.js'
import { recordTakenBack } from './record-rollback.js'
import type { Run, RunContext, RunState, Step } from './run-context.js'
import { listen } from './server-messages.js'

/** Milliseconds that what writes the ledger waits for a lock where revisions wait for as long as it takes. */
const ledgerPatience = 5_000

/**
 * Runs `use` while somebody looks at the session and listens to it. Nobody waits without end for what writes the ledger:
 * a revision may have locked it against itself, which PostgreSQL cannot know.
 */
export async function withRun<T>(
  context: RunContext,
  total: number,
  use: (run: Run) => Promise<T>,
): Promise<T> {
  const { connection, session, audit } = context
  const watch = watchActivity({ connection, pid: session.pid, audit: await backendPid(audit) })
  const run = { context, state: beginning(total), watch }
  const stopListening = listen(run)
  try {
    await configure(audit, lockTimeout(context.lockTimeout || ledgerPatience), 'session')
    const result = await use(run)
    await configure(session.client, { lock_timeout: '0' }, 'session')
    return result
  } finally {
    stopListening()
    await watch.end()
  }
}

function beginning(total: number): RunState {
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

function lockTimeout(milliseconds: number): { readonly lock_timeout: string } {
  return { lock_timeout: `${milliseconds}ms` }
}

/** Runs a step. One in a transaction begins again, with all of its revisions, for as long as only locks of others are in its way. */
export async function attempted(step: Step, run: Run, attempt: () => Promise<void>): Promise<void> {
  const { context, state } = run
  const since = performance.now()
  for (let attempts = 1; ; attempts++) {
    begin(state)
    const timeout = step.transactional ? lockTimeout(context.lockTimeout) : { lock_timeout: '0' }
    await configure(context.session.client, timeout, 'session')
    try {
      return await attempt()
    } catch (error) {
      await takenBack(error, { step, run, attempts, since })
    }
  }
}

function begin(state: RunState): void {
  state.begun = []
  state.running = null
  state.blockers = []
  state.serverMessages.clear()
}

interface Attempt {
  readonly step: Step
  readonly run: Run
  readonly attempts: number
  /** When the first one began. */
  readonly since: number
}

/** Returns when it is time to begin again; throws where that is no use. */
async function takenBack(error: unknown, { step, run, attempts, since }: Attempt): Promise<void> {
  const { context, state, watch } = run
  const reason = step.transactional && context.signal?.aborted !== true ? blockage(error, state) : null
  if (reason === null) throw error
  const revision = state.running?.migration.revision ?? step.migrations[0]?.revision ?? ''
  const blockers = state.blockers.length > 0 ? state.blockers : watch.blockers()
  const [delay, duration] = [pauseAfter(attempts), performance.now() - since]
  const isOwn = blockers.some(({ pid }) => pid === context.session.pid)
  if (isOwn || duration + delay > context.deadline) {
    state.givenUp = { revision, attempts, duration, blockers }
    throw error
  }
  const along = state.begun.filter((begun) => begun !== revision)
  context.report({ event: 'revision blocked', revision, reason, blockers, along, delay })
  state.running = null
  await recordTakenBack(error, run)
  state.begun = []
  await pause(delay, context.signal)
}
