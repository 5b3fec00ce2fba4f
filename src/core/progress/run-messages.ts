import { summarizeCompletion } from '../history/completion.js'
import type { Completion } from '../history/completion-result.js'
import { describeChanges } from '../model/describe.js'
import { describeDuration, shortenList } from '../text/format.js'
import type { Progress } from './events.js'
import type { Heartbeat } from './heartbeat.js'
import { info, type ProgressMessage, warn } from './message-format.js'
import { describeBlockers } from './session-activity.js'

/** The events of revisions and repairs that run. */
type RunEvent =
  | 'interrupted before'
  | 'repairing'
  | 'repair running'
  | 'revision started'
  | 'revision running'
  | 'revision blocked'
  | 'notice'
  | 'revision ran'
  | 'revision applied'
  | 'revision reverted'
  | 'transaction ended'
  | 'process ended'

/** The messages of a run of revisions, and of a repair. */
export const runMessages: { readonly [E in RunEvent]: (progress: Progress<E>) => ProgressMessage } = {
  'interrupted before': ({ revision, host, since, standing: completion }) =>
    warn(
      'interrupted',
      `${revision} was started by ${host} at ${since} and never finished: its process was killed or lost its connection. ${describeInterruption(completion)}`,
    ),
  repairing: ({ what }) => info('repairing', what),
  'repair running': ({ what, ...heartbeat }) => heartbeatMessage(what, heartbeat),
  'revision started': ({ revision, number, total }) => ({
    level: 'debug',
    label: 'migrating',
    text: `${revision} (${number} of ${total})`,
  }),
  'revision running': ({ revision, ...heartbeat }) => heartbeatMessage(revision, heartbeat),
  'revision blocked': ({ revision, reason, blockers, along, delay }) =>
    warn(
      'blocked',
      `${revision} was rolled back${along.length === 0 ? '' : `, and with it ${shortenList(along).join(', ')}`} (${reason}); begins again in ${describeDuration(delay)}. Blocked by ${describeBlockers(blockers)}`,
    ),
  notice: ({ revision, severity, message }) => ({
    level: severity === 'WARNING' ? 'warn' : 'info',
    label: severity.toLowerCase(),
    text: `${message}${revision === null ? '' : ` (${revision})`}`,
  }),
  'revision ran': (result) => ({
    level: result.shared ? 'info' : 'debug',
    label: 'ran',
    text: describeResult(result),
  }),
  'revision applied': (result) => ({
    level: result.shared ? 'debug' : 'info',
    label: 'migrated',
    text: describeResult(result),
  }),
  'revision reverted': ({ revision, number, total, duration }) =>
    info('reverted', `${revision} (${number} of ${total})  ${describeDuration(duration)}`),
  'transaction ended': ({ revision }) =>
    warn(
      'transaction',
      `${revision} committed the transaction it was given: it was verified and recorded outside of one, and what it did before a failure would have stayed. Say so in the migration: export const config = { transaction: false }`,
    ),
  'process ended': ({ revision, exit }) => ({
    level: 'error',
    label: 'failed',
    text: `SCHEMA_MIGRATION_FAILED: the process ended with exit code ${exit} while ${revision} ran. What was not committed is rolled back; the next run says where it stands.`,
  }),
}

/** A blocked step is a warning, because an operator can help. A repeated heartbeat is for debugging only. */
function heartbeatMessage(what: string, { elapsed, doing, activity, repeated }: Heartbeat): ProgressMessage {
  const isBlocked = activity.known && activity.blockers.length > 0
  return {
    level: repeated ? 'debug' : isBlocked ? 'warn' : 'info',
    label: 'running',
    text: `${what} is still running after ${describeDuration(elapsed)}: ${doing}`,
  }
}

function describeResult({
  revision,
  number,
  total,
  duration,
  changes,
  existing,
}: Progress<'revision applied' | 'revision ran'>): string {
  const what = changes === null ? '' : `  ${describeChanges(changes, existing)}`
  return `${revision} (${number} of ${total})  ${describeDuration(duration)}${what}`
}

function describeInterruption(completion: Completion | null): string {
  return completion === null
    ? 'Its transaction was rolled back, and it runs again.'
    : `It ran without a transaction (${summarizeCompletion(completion)}). It runs again: what it did to rows may be done twice.`
}
