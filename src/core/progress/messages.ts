import { summarizeCompletion, type Completion } from '../history/completion.js'
import type { History } from '../history/history.js'
import { describeOwner } from '../history/ownership.js'
import { describeChanges } from '../model/describe.js'
import type { IgnoredDifferences } from '../model/scope.js'
import { formatCount, describeCounts, describeDuration, shortenList } from '../text/format.js'
import { toPrintable } from '../text/printable.js'
import type { Progress, ProgressEvents } from './events.js'
import type { Heartbeat } from './heartbeat.js'
import { describeBlockers } from './session-activity.js'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A piece of progress in words: a label of one or two words, and the rest of the line. */
export interface ProgressMessage {
  readonly level: LogLevel
  readonly label: string
  readonly text: string
}

const info = (label: string, text: string): ProgressMessage => ({ level: 'info', label, text })
const warn = (label: string, text: string): ProgressMessage => ({ level: 'warn', label, text })

const labelByAction = {
  serve: { level: 'info', label: 'note' },
  warn: { level: 'warn', label: 'warning' },
  refuse: { level: 'warn', label: 'refused' },
} as const

const lockDescriptions = {
  migration: 'the migration lock, held by',
  tables: 'tables, locked by',
} as const

/** Who waits for somebody has to be helped; what repeats what was told is for whoever wants to know all. */
function heartbeatMessage(what: string, { elapsed, doing, activity, repeated }: Heartbeat): ProgressMessage {
  const isBlocked = activity.known && activity.blockers.length > 0
  return {
    level: repeated ? 'debug' : isBlocked ? 'warn' : 'info',
    label: 'running',
    text: `${what} still runs, for ${describeDuration(elapsed)} so far: ${doing}`,
  }
}

/** Every event in words; a new event does not compile until it has some. */
const messageByEvent: { readonly [E in keyof ProgressEvents]: (progress: Progress<E>) => ProgressMessage } = {
  connecting: ({ database, environment }) => info('connecting', `${database}, environment ${environment}`),
  'waiting for database': ({ reason, waited }) =>
    warn('waiting', `${reason} Trying again, for ${describeDuration(waited)} so far.`),
  'embedded started': ({ database, directory, fresh, startedHere }) =>
    info(
      'embedded',
      `PostgreSQL ${startedHere ? (fresh ? 'created and started' : 'started') : 'runs already'} at ${database}, data in ${directory}`,
    ),
  inspected: ({ database, history, server }) =>
    info('database', `${database} (PostgreSQL ${server}) is ${describePosition(history)}`),
  'snapshot stale': ({ stale, missing }) =>
    info(
      'snapshot',
      missing
        ? 'there is none yet, making it'
        : `${formatCount(stale.length, 'revision')} not as in the migrations, making it anew`,
    ),
  replaying: ({ revisions, where }) =>
    info('replaying', `${formatCount(revisions, 'revision')}, twice, in ${where}`),
  'snapshot written': ({ file, revisions, objects, duration }) =>
    info(
      'snapshot',
      `${file}: ${formatCount(revisions, 'revision')}, ${formatCount(objects, 'object')}, in ${describeDuration(duration)}`,
    ),
  'snapshot unavailable': ({ reason }) => warn('unverified', `No snapshot could be made: ${reason}`),
  'waiting for lock': ({ lock, holder, waited }) =>
    warn(
      'waiting',
      `for ${lockDescriptions[lock]} ${holder ?? 'a session that just ended'}, for ${describeDuration(waited)} so far`,
    ),
  'interrupted before': ({ revision, host, since, standing }) =>
    warn(
      'interrupted',
      `${revision} was started by ${host} at ${since} and never ended: its process was killed or lost its connection. ${describeInterruption(standing)}`,
    ),
  identified: ({ identity }) =>
    info('identity', `the database belongs to ${describeOwner(identity)} from now on`),
  'knex lock freed': () =>
    warn(
      'knex lock',
      "a killed process had left Knex's lock row taken; freed, because nobody else holds the migration lock",
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
  'revision applied': ({ revision, duration, changes, existing }) =>
    info(
      'migrated',
      `${revision}  ${describeDuration(duration)}${changes === null ? '' : `  ${describeChanges(changes, existing)}`}`,
    ),
  'revision reverted': ({ revision, duration }) =>
    info('reverted', `${revision}  ${describeDuration(duration)}`),
  'drift before': ({ differences }) =>
    warn(
      'drift',
      `${formatCount(differences, 'difference')} from the promise before anything is migrated; they are judged after`,
    ),
  migrated: ({ revisions, duration }) =>
    info(
      'migrated',
      revisions === 0
        ? 'nothing was pending'
        : `${formatCount(revisions, 'revision')} applied in ${describeDuration(duration)}`,
    ),
  seeded: ({ files, duration }) =>
    info('seeded', `${formatCount(files.length, 'file')} in ${describeDuration(duration)}`),
  verified: ({ compared, differences, ignored }) => ({
    level: differences === 0 ? 'info' : 'warn',
    label: 'verified',
    text: `${describeCounts(compared)}: ${describeVerification(differences, ignored)}`,
  }),
  decided: ({ decision: { action }, lines }) =>
    lines.length === 0
      ? { level: 'debug', label: 'gate', text: 'open' }
      : { ...labelByAction[action], text: lines.join(' ') },
  'gate opened': ({ after }) => info('gate', `open after ${describeDuration(after)}`),
  listening: ({ address, what }) => info('listening', `${address}  ${what}`),
  'database lost': ({ reason }) => ({ level: 'error', label: 'database', text: `lost: ${reason}` }),
  'database back': ({ lostFor }) => info('database', `is back after ${describeDuration(lostFor)}`),
  'check failing': ({ reason }) => ({
    level: 'error',
    label: 'database',
    text: `answers, and cannot be verified: ${reason}`,
  }),
  'check working': ({ failedFor }) =>
    info('database', `can be verified again after ${describeDuration(failedFor)}`),
  stopping: ({ signal }) => info('stopping', `${signal}: what has begun is taken back or finished first`),
  draining: ({ signal, delay }) =>
    info(
      'stopping',
      `${signal}: not ready any more${delay === 0 ? '' : `, still serving for ${describeDuration(delay)}`}`,
    ),
}

function describeInterruption(standing: Completion | null): string {
  return standing === null
    ? 'Its transaction was rolled back, and it runs again.'
    : `It ran without a transaction (${summarizeCompletion(standing)}). It runs again: what it did to rows may be done twice.`
}

/** What the log and the terminal say about a piece of progress. */
export function formatProgress<E extends keyof ProgressEvents>(progress: Progress<E>): ProgressMessage {
  const told = messageByEvent[progress.event](progress)
  return { ...told, text: toPrintable(told.text) }
}

/** How a verification came out, in words: `as promised`, `2 differences`, and how many more were left out on purpose. */
export function describeVerification(differences: number, ignored: number): string {
  const outcome = differences === 0 ? 'as promised' : formatCount(differences, 'difference')
  return ignored === 0 ? outcome : `${outcome}, ${formatCount(ignored, 'difference')} ignored`
}

/** One line for each pattern that left something out: `schema:audit  3 differences  (written by the audit service)`. */
export function describeIgnored(ignored: readonly IgnoredDifferences[]): readonly string[] {
  const shown = ignored.filter(({ objects }) => objects.length > 0)
  const width = Math.max(0, ...shown.map(({ pattern }) => pattern.length))
  return shown.map(({ pattern, reason, objects }) => {
    const why = reason === null ? '' : `  (${toPrintable(reason)})`
    return `${toPrintable(pattern).padEnd(width)}  ${formatCount(objects.length, 'difference')}${why}`
  })
}

function describePosition({ position, current, head, pending, unknown }: History): string {
  switch (position) {
    case 'empty':
      return `empty: ${formatCount(pending.length, 'revision')} pending`
    case 'behind':
      return `behind: at ${current}, ${formatCount(pending.length, 'revision')} pending up to ${head}`
    case 'current':
      return `current: at head, ${head}`
    case 'ahead':
      return `ahead: ${formatCount(unknown.length, 'revision')} that this build does not know, up to ${current}`
    case 'diverged':
      return `diverged: ${formatCount(pending.length, 'revision')} pending, ${formatCount(unknown.length, 'revision')} unknown`
    case 'foreign':
      return `another project's: none of its ${formatCount(unknown.length, 'revision')} is in this build`
    case 'unmanaged':
      return 'unmanaged: it has tables, but no record of any migration'
  }
}
