import { summarizeCompletion, type Completion } from '../history/completion.js'
import type { History } from '../history/history.js'
import { describeOwner } from '../history/ownership.js'
import { describeChangedObjects, describeChanges } from '../model/describe.js'
import type { IgnoredDifferences } from '../model/scope.js'
import { formatCount, describeCounts, describeDuration, shortenList } from '../text/format.js'
import { toPrintable } from '../text/printable.js'
import type { Progress, ProgressEvents } from './events.js'
import type { Heartbeat } from './heartbeat.js'
import { describeBlockers } from './session-activity.js'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What is shown of a piece of progress: a label of one or two words, and the rest of the line. */
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

const goesOnServing = 'A start would refuse; this process goes on serving.'

const lockDescriptions = {
  migration: 'the migration lock, held by',
  tables: 'tables, locked by',
} as const

/** A blocked step is a warning, because an operator can help. A repeated heartbeat is for debugging only. */
function heartbeatMessage(what: string, { elapsed, doing, activity, repeated }: Heartbeat): ProgressMessage {
  const isBlocked = activity.known && activity.blockers.length > 0
  return {
    level: repeated ? 'debug' : isBlocked ? 'warn' : 'info',
    label: 'running',
    text: `${what} is still running after ${describeDuration(elapsed)}: ${doing}`,
  }
}

/** The message of every event. A new event does not compile until it has one. */
const messageByEvent: { readonly [E in keyof ProgressEvents]: (progress: Progress<E>) => ProgressMessage } = {
  connecting: ({ database, environment }) => info('connecting', `${database}, environment ${environment}`),
  'waiting for database': ({ reason, waited }) =>
    warn('waiting', `${reason} Trying again, for ${describeDuration(waited)} so far.`),
  'embedded started': ({ database, directory, fresh, startedHere, because }) =>
    info(
      'embedded',
      `PostgreSQL ${startedHere ? (fresh ? 'created and started' : 'started') : 'is already running'} at ${database}, data in ${directory}${because === '' ? '' : `; ${because}`}`,
    ),
  inspected: ({ database, history, server }) =>
    info('database', `${database} (PostgreSQL ${server}) is ${describePosition(history)}`),
  'snapshot elsewhere': ({ directory }) => info('snapshot', `is that in ${directory}`),
  'snapshot stale': ({ stale, missing }) =>
    info(
      'snapshot',
      missing
        ? 'there is none yet: making it from the migrations'
        : `${formatCount(stale.length, 'revision')} ${stale.length === 1 ? 'differs' : 'differ'} from the migrations: making it again`,
    ),
  replaying: ({ revisions, where }) =>
    info('replaying', `${formatCount(revisions, 'revision')}, twice, in ${where}`),
  'snapshot written': ({ file, revisions, objects, duration }) =>
    info(
      'snapshot',
      `${file}: ${formatCount(revisions, 'revision')}, ${formatCount(objects, 'object')}, in ${describeDuration(duration)}`,
    ),
  'revision promised': ({ revision, changes, existing }) =>
    info('promised', `${revision}  ${describeChangedObjects(changes, existing)}`),
  'promises empty': ({ revisions }) =>
    warn(
      'no promise',
      `${formatCount(revisions.length, 'revision')} changed nothing in the catalog, so nothing is promised of ${revisions.length === 1 ? 'it' : 'them'}: ${revisions.join('; ')}`,
    ),
  'snapshot unavailable': ({ reason }) => warn('unverified', `No snapshot could be made: ${reason}`),
  'waiting for lock': ({ lock, holder, waited }) =>
    warn(
      'waiting',
      `for ${lockDescriptions[lock]} ${holder ?? 'a session that just ended'}, for ${describeDuration(waited)} so far`,
    ),
  'abandoned lock ended': ({ holder }) =>
    warn(
      'lock',
      `the process that held the migration lock has sent nothing for a minute, and its session was ended: ${holder}`,
    ),
  'interrupted before': ({ revision, host, since, standing: completion }) =>
    warn(
      'interrupted',
      `${revision} was started by ${host} at ${since} and never finished: its process was killed or lost its connection. ${describeInterruption(completion)}`,
    ),
  identified: ({ identity }) =>
    info('identity', `the database belongs to ${describeOwner(identity)} from now on`),
  'knex lock freed': () =>
    warn(
      'knex lock',
      "a killed process left Knex's lock row set; it was freed, because no other process holds the migration lock",
    ),
  'ledger sequence advanced': ({ sequence, value }) =>
    warn(
      'ledger',
      `${sequence} was behind the rows of its table, as after a restore; it was set to ${value}`,
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
      `${formatCount(differences, 'difference')} from the promise before migrating; they are judged afterwards`,
    ),
  note: ({ text }) => info('note', text),
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
    text: describeVerified(compared, differences, ignored),
  }),
  decided: ({ decision: { action }, consequence, lines }) => {
    if (lines.length === 0) return { level: 'debug', label: 'gate', text: 'open' }
    return action === 'refuse' && consequence === 'goes on serving'
      ? warn('warning', [...lines, goesOnServing].join(' '))
      : { ...labelByAction[action], text: lines.join(' ') }
  },
  'gate opened': ({ after }) => info('gate', `open after ${describeDuration(after)}`),
  listening: ({ address, what }) => info('listening', `${address}  ${what}`),
  'database lost': ({ reason }) => ({ level: 'error', label: 'database', text: `lost: ${reason}` }),
  'database back': ({ lostFor }) => info('database', `is back after ${describeDuration(lostFor)}`),
  'check failing': ({ reason }) => ({
    level: 'error',
    label: 'database',
    text: `answers, but cannot be verified: ${reason}`,
  }),
  'check working': ({ failedFor }) =>
    info('database', `can be verified again after ${describeDuration(failedFor)}`),
  stopping: ({ signal }) => info('stopping', `${signal}: finishing or rolling back what has begun`),
  draining: ({ signal, delay }) =>
    info(
      'stopping',
      `${signal}: no longer ready${delay === 0 ? '' : `, still serving for ${describeDuration(delay)}`}`,
    ),
}

function describeInterruption(completion: Completion | null): string {
  return completion === null
    ? 'Its transaction was rolled back, and it runs again.'
    : `It ran without a transaction (${summarizeCompletion(completion)}). It runs again: what it did to rows may be done twice.`
}

/** The message of a piece of progress, for the log and the terminal. */
export function formatProgress<E extends keyof ProgressEvents>(progress: Progress<E>): ProgressMessage {
  const message = messageByEvent[progress.event](progress)
  return { ...message, text: toPrintable(message.text) }
}

/** What was compared, by kind, and the outcome; nothing is as promised where nothing is promised. */
export function describeVerified(
  compared: Readonly<Record<string, number>>,
  differences: number,
  ignored: number,
): string {
  const isPromised = Object.values(compared).some((number) => number > 0)
  if (isPromised) return `${describeCounts(compared)}: ${describeVerification(differences, ignored)}`
  const nothing = 'nothing is promised at this revision'
  return differences + ignored === 0 ? nothing : `${nothing}: ${describeVerification(differences, ignored)}`
}

/** The outcome of a verification: `as promised`, or `2 differences`, and how many were left out on purpose. */
function describeVerification(differences: number, ignored: number): string {
  const outcome = differences === 0 ? 'as promised' : formatCount(differences, 'difference')
  return ignored === 0 ? outcome : `${outcome}, ${formatCount(ignored, 'difference')} ignored`
}

/** A line for each pattern that left differences out: `schema:audit  3 differences  (written by the audit service)`. */
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
