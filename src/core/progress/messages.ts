import type { History } from '../history/history.js'
import { describeOwner } from '../history/ownership.js'
import { describeUnpromised } from '../impact/unpromised-schemas.js'
import { describeChangedObjects } from '../model/describe.js'
import { patternsOf } from '../model/renamed-object.js'
import { describeWrittenRows } from '../history/written-rows.js'
import { describeCounts, describeDuration, formatBytes, formatCount } from '../text/format.js'
import { toPrintable } from '../text/printable.js'
import type { Progress, ProgressEvents } from './events.js'
import { info, type ProgressMessage, warn } from './message-format.js'
import { runMessages } from './run-messages.js'

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

/** The message of every event. A new event does not compile until it has one. */
const messageByEvent: { readonly [E in keyof ProgressEvents]: (progress: Progress<E>) => ProgressMessage } = {
  ...runMessages,
  connecting: ({ database, environment }) => info('connecting', `${database}, environment ${environment}`),
  'waiting for database': ({ reason, waited }) =>
    warn('waiting', `${reason} Trying again, for ${describeDuration(waited)} so far.`),
  'embedded started': ({ database, directory, takenPort, because, ...server }) =>
    info(
      'embedded',
      `PostgreSQL ${describeServerStart(server)} at ${database}, data in ${directory}${takenPort === null ? '' : `; port ${takenPort} is taken`}${because === '' ? '' : `; ${because}`}`,
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
  replaying: ({ revisions, after, where }) =>
    info(
      'replaying',
      `${formatCount(revisions, 'revision')}, twice, in ${where}${after === 0 ? '' : `, after the ${after} of the snapshot`}`,
    ),
  'replaying all': ({ why }) => info('replaying', `all revisions, not the new ones alone: ${why}`),
  'scratch role made': ({ role }) =>
    info(
      'replaying',
      `from the start: role ${role} was missing on the scratch server, and is there until the end`,
    ),
  'connection redirected': ({ address }) =>
    warn(
      'replaying',
      `a migration connects to ${address} by itself; in a replay that leads to the scratch database`,
    ),
  'replay repeated': ({ missed }) =>
    info('replaying', `again, and slower: what changed ${missed.join(', ')} could not be seen on the way`),
  'names differ': ({ objects }) =>
    warn(
      'no promise',
      `another name at every replay, so nothing is promised of ${objects.map(({ key }) => key).join(', ')}; VERIFY_IGNORE=${patternsOf(objects)} leaves what is there out of verify`,
    ),
  'scratch leftover': ({ name, reason }) =>
    warn('scratch', `${name} was made by a migration and stays on the scratch server: ${reason}`),
  'snapshot written': ({ file, revisions, objects, duration }) =>
    info(
      'snapshot',
      `${file}: ${formatCount(revisions, 'revision')}, ${formatCount(objects, 'object')}, in ${describeDuration(duration)}`,
    ),
  'revision promised': ({ revision, changes, existing, ...more }) =>
    info('promised', `${revision}  ${describeChangedObjects(changes, existing)}${describeWrittenRows(more)}`),
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
  identified: ({ identity }) =>
    info('identity', `the database belongs to ${describeOwner(identity)} from now on`),
  'knex lock freed': () =>
    warn(
      'knex lock',
      "a killed process left Knex's lock row set; it was freed, because no other process holds the migration lock",
    ),
  'hazard foreseen': ({ revision, hazard, text }) => warn('hazard', `${revision}: ${text} (${hazard})`),
  'backed up': ({ name, size, sha256, duration }) =>
    info('backup', `${name}, ${formatBytes(size)} in ${describeDuration(duration)}, sha256 ${sha256}`),
  'ledger sequence advanced': ({ sequence, value }) =>
    warn(
      'ledger',
      `${sequence} was behind the rows of its table, as after a restore; it was set to ${value}`,
    ),
  'drift before': ({ differences }) =>
    warn(
      'drift',
      `${formatCount(differences, 'difference')} from the promise before migrating; they are judged afterwards`,
    ),
  'knex loaded': ({ version, pg, folder, bundled }) => ({
    level: bundled ? 'debug' : 'info',
    label: 'knex',
    text: `${version}${pg === null ? '' : ` with pg ${pg}`}, in ${folder}`,
  }),
  note: ({ text }) => info('note', text),
  migrated: ({ revisions, duration }) =>
    info(
      'migrated',
      revisions === 0
        ? 'nothing was pending'
        : `${formatCount(revisions, 'revision')} applied in ${describeDuration(duration)}`,
    ),
  'model added': ({ source, sql }) => info('adding', `${sql.replaceAll(/\s*\n\s*/g, ' ')}  (${source})`),
  built: ({ source, statements, revisions, duration }) =>
    info(
      'built',
      `from ${source}: ${formatCount(statements, 'statement')} in ${describeDuration(duration)}${revisions === 0 ? '' : `, ${formatCount(revisions, 'revision')} recorded`}`,
    ),
  seeded: ({ files, duration }) =>
    info('seeded', `${formatCount(files.length, 'file')} in ${describeDuration(duration)}`),
  verified: ({ compared, differences, ignored, unpromised = {}, unchangedSince = null }) => ({
    level: differences === 0 ? 'info' : 'warn',
    label: 'verified',
    text: [
      describeVerified(compared, differences, ignored),
      ...describeUnpromised(unpromised),
      ...(unchangedSince === null ? [] : [`unchanged since verified at ${unchangedSince}`]),
    ].join('; '),
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

function describeServerStart({
  startedHere,
  fresh,
}: Pick<ProgressEvents['embedded started'], 'fresh' | 'startedHere'>): string {
  if (!startedHere) return 'is already running'
  return fresh ? 'created and started' : 'started'
}

function describePosition({ position, current, head, pending, unknown, models }: History): string {
  if (models !== undefined && current === null)
    return position === 'empty' ? `empty, to be built from ${models}` : `without revisions, for ${models}`
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
