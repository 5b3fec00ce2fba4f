import type { Heartbeat } from '../../core/progress/heartbeat.js'
import { formatApplicationName } from '../connection/application-name.js'
import { setServerParameters } from '../connection/settings.js'
import { withHeartbeat } from './heartbeat.js'
import type { LoadedRevision } from './run-state.js'
import { type ActiveRun, lockTimeoutSetting } from './run.js'

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
