import type { Heartbeat } from '../../core/progress/heartbeat.js'
import { formatApplicationName } from '../connection/application-name.js'
import { setServerParameters } from '../connection/settings.js'
import { type ActivitySampler, startActivitySampler } from '../locks/session-activity.js'
import type { LockedSession } from '../session/locked-session.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import { withHeartbeat } from './heartbeat.js'
import { createRunProgress, type LoadedRevision, type RunProgress } from './run-state.js'
import { captureServerMessages } from './server-messages.js'

/** What a run works with: its options, and the session that holds the lock. */
export type RunContext = MigrateOptions & LockedSession

/** A run of revisions: what it works with, how far it is, and what its session does. */
export interface ActiveRun {
  readonly context: RunContext
  readonly progress: RunProgress
  readonly sampler: ActivitySampler
}

/** The longest that the writer of the ledger waits for a lock, in milliseconds: its connection also samples and pings. */
const ledgerLockTimeout = 3_000

/**
 * Runs `use` while the activity of the session is sampled and its messages are kept. The writer of the ledger never waits
 * without end: a revision of the same run may hold the lock, and PostgreSQL cannot see that deadlock.
 */
export async function withActiveRun<T>(
  context: RunContext,
  total: number,
  use: (run: ActiveRun) => Promise<T>,
): Promise<T> {
  const { session, auditClient, policy, report } = context
  const progress = createRunProgress(total)
  const sampler = startActivitySampler(session.watchdog.client, session.pid)
  const stopCapturing = captureServerMessages(session.client, progress, sampler, report)
  try {
    const ledgerTimeout = Math.min(policy.lockTimeout || ledgerLockTimeout, ledgerLockTimeout)
    await setServerParameters(auditClient, lockTimeoutSetting(ledgerTimeout), 'session')
    const result = await use({ context, progress, sampler })
    await setServerParameters(session.client, lockTimeoutSetting(0), 'session')
    return result
  } finally {
    stopCapturing()
    await sampler.end()
  }
}

/** lock_timeout in milliseconds, as a setting of the server. */
export function lockTimeoutSetting(milliseconds: number): { readonly lock_timeout: string } {
  return { lock_timeout: milliseconds === 0 ? '0' : `${milliseconds}ms` }
}

const cancelInterval = 200

/**
 * Makes the session ready for one revision. Its name shows in pg_stat_activity to everybody who waits for us. Each revision
 * begins with our lock_timeout, whatever `set local` an earlier one of the same transaction left.
 */
export async function configureForRevision(
  { revision, transactional }: LoadedRevision,
  { session, writer, policy }: ActiveRun['context'],
): Promise<void> {
  await setServerParameters(
    session.client,
    {
      application_name: formatApplicationName({ ...writer, revision }),
      ...lockTimeoutSetting(transactional ? policy.lockTimeout : 0),
    },
    transactional ? 'transaction' : 'session',
  )
}

/** Reports what the session does for as long as `work` takes. */
export function withRevisionHeartbeat<T>(
  { revision }: LoadedRevision,
  { context: { report }, sampler }: ActiveRun,
  work: () => Promise<T>,
): Promise<T> {
  const onHeartbeat = (heartbeat: Heartbeat): void =>
    report({ event: 'revision running', revision, ...heartbeat })
  return withHeartbeat(sampler, onHeartbeat, work)
}

/**
 * Runs the code of a migration. Once asked to stop, cancels its statements again and again: a request to cancel that falls
 * between two statements is lost.
 */
export async function runCancellable(
  { transactional }: LoadedRevision,
  { auditClient, session, signal }: ActiveRun['context'],
  work: () => Promise<void>,
): Promise<void> {
  let cancelled: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    if (transactional && signal?.aborted === true)
      cancelled = auditClient.query('select pg_cancel_backend($1)', [session.pid]).catch(() => {})
  }, cancelInterval)
  try {
    await work()
  } finally {
    clearInterval(timer)
    await cancelled
  }
}
