import type { Heartbeat } from '../../core/progress/heartbeat.js'
import { formatApplicationName } from '../connection/application-name.js'
import { serverParametersStatement, setServerParameters } from '../connection/settings.js'
import { startActivitySampler } from '../locks/session-activity.js'
import type { ActiveRun, RunContext } from './active-run.js'
import { withHeartbeat } from './heartbeat.js'
import { createRunProgress, type LoadedRevision } from './run-state.js'
import { captureServerMessages } from './server-messages.js'
import { readTransactionId, type TransactionId } from './session-check.js'

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
  const sampler = startActivitySampler(session.watchdog.client, session.pid, () => progress.state.running)
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

/**
 * Makes the session ready for one revision. Its name shows in pg_stat_activity to everybody who waits for us. Each revision
 * begins with our lock_timeout, whatever `set local` an earlier one of the same transaction left. Returns the transaction
 * that it runs in, null outside of one.
 *
 * @param before statements for the same message
 */
export async function configureForRevision(
  revision: LoadedRevision,
  context: RunContext,
  before = '',
): Promise<TransactionId | null> {
  const statements = [before, settingsStatement(revision, context)].filter(Boolean).join('; ')
  const { client } = context.session
  if (revision.transactional) return readTransactionId(client, statements)
  await client.query(statements)
  return null
}

/** The statement that sets the same, for a message of several. */
export function settingsStatement(revision: LoadedRevision, context: RunContext): string {
  return serverParametersStatement(settingsFor(revision, context), reachOf(revision))
}

function reachOf({ transactional }: LoadedRevision): 'transaction' | 'session' {
  return transactional ? 'transaction' : 'session'
}

function settingsFor(
  { revision, transactional }: LoadedRevision,
  { writer, policy }: RunContext,
): Readonly<Record<string, string>> {
  return {
    application_name: formatApplicationName({ ...writer, revision }),
    ...lockTimeoutSetting(transactional ? policy.lockTimeout : 0),
  }
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
