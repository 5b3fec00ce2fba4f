import type { LoggedEvent, LoggedRevision } from '../../../core/history/revision-log.js'
import { describeDuration, formatCount } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { describeAddress } from '../../../postgres/connection/address.js'
import type { DatabaseLog } from '../../../operations/history/database-log.js'

/** The log for people, newest first. `total` is the number of revisions that there are. */
export function describeLog({ database, position, revisions, events }: DatabaseLog, total: number): string {
  const left = total - revisions.length
  const width = Math.max(0, ...revisions.map(({ revision }) => toPrintable(revision).length))
  return [
    `${describeAddress(database)}, ${position}, ${formatCount(total, 'revision')}`,
    '',
    ...revisions.flatMap((each) => describeRevision(each, width)),
    ...(left === 0 ? [] : [`… ${formatCount(left, 'earlier revision')}: --limit ${total}`]),
    ...(events.length === 0 ? [] : ['', 'database', ...events.toReversed().map(describeEventLine)]),
  ].join('\n')
}

/** What became of it last, on one line; below it what it changes, and what did not go well. */
function describeRevision(logged: LoggedRevision, width: number): readonly string[] {
  const { revision, changes, events } = logged
  const failures = events.filter(({ event }) => event === 'failed' || event === 'undone')
  return [
    `${toPrintable(revision).padEnd(width)}  ${describeOutcome(logged)}`,
    ...(changes === null ? [] : [`    ${changes}`]),
    ...failures.map(describeEventLine),
  ]
}

function describeOutcome({ status, recordedAt, events }: LoggedRevision): string {
  const last = events.findLast(({ event }) => !unsettled.has(event))
  const begun = events.at(-1)?.event === 'started' ? ', begun and not ended' : ''
  if (status === 'pending') return last === undefined ? `pending${begun}` : `pending, ${describeEvent(last)}`
  if (last !== undefined) return describeEvent(last)
  return `${status === 'gone' ? 'gone' : 'recorded by Knex'}${recordedAt === null ? '' : ` ${describeTime(recordedAt)}`}${begun}`
}

/** What does not settle where a revision stands. */
const unsettled = new Set(['started', 'failed', 'undone'])

/** Everything that is known of one revision. */
export function describeOneRevision({
  revision,
  status,
  changes,
  recordedAt,
  events,
}: LoggedRevision): string {
  return [
    `${toPrintable(revision)}  ${status}`,
    `    changes   ${changes ?? 'not known to this build'}`,
    ...(recordedAt === null ? [] : [`    recorded  by Knex ${describeTime(recordedAt)}`]),
    ...events.flatMap((event) => [
      describeEventLine(event),
      ...event.notices.map((notice) => `        ${toPrintable(notice)}`),
    ]),
  ].join('\n')
}

function describeEventLine(event: LoggedEvent): string {
  return `    ${describeEvent(event)}`
}

/** `applied 2026-11-20 09:12:04Z in 120 ms by app on api-7f9, release v1.42`. */
function describeEvent({
  event,
  at,
  duration,
  role,
  host,
  release,
  error,
  reason,
  subject,
}: LoggedEvent): string {
  const parts = [
    `${event} ${describeTime(at)}`,
    ...(duration === null ? [] : [`in ${describeDuration(duration)}`]),
    `by ${role} on ${host}`,
  ]
  const more = [
    ...(release === null ? [] : [`release ${release}`]),
    ...(reason === null ? [] : [`because ${reason}`]),
  ]
  const after = error ?? subject
  const line = [parts.join(' '), ...more].join(', ')
  return toPrintable(after === null ? line : `${line}: ${after.replaceAll(/\s+/g, ' ')}`)
}

/** `2026-11-20T09:12:04.123Z` as `2026-11-20 09:12:04Z`. */
function describeTime(time: string): string {
  return time.replace('T', ' ').replace(/\.\d+/, '')
}
