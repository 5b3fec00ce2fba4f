import pg from 'pg'
import {
  type Activity,
  type Blocker,
  shortenQuery,
  unansweredActivity,
  type CommandProgress,
} from '../../core/progress/session-activity.js'
import { errorMessage } from '../../core/text/redact.js'
import { sleepUnlessAborted } from '../connection/backoff.js'
import { queryAll, queryRows, type Row, rowsOf } from '../connection/query.js'
import { activityQuery, insertBlockersQuery } from './session-activity.sql.js'

/** Reads several times a second what a session does, until `end` is called. */
export interface ActivitySampler {
  /** What the session did at the last sample; not known where the sample failed or its answer is overdue. */
  readonly latest: () => Activity
  /** Who blocked the session at the last sample that found it running a statement. */
  readonly blockers: () => readonly Blocker[]
  readonly end: () => Promise<void>
}

const sampleInterval = 300
/** The longest that nobody asks what a piece of work does. */
const shortWorkInterval = 150
const delayAfterFailure = 2_000
const sampleTimeout = 3_000

/**
 * Samples the session `pid` from now on, with the client that `clientOf` gives: after a lost connection a different one.
 * `workOf` tells one piece of work from the next (default: all is one): nobody asks what a short one does.
 */
export function startActivitySampler(
  clientOf: () => pg.Client,
  pid: number,
  workOf: () => unknown = () => null,
): ActivitySampler {
  const stop = new AbortController()
  let latest: Activity = { known: false, reason: 'it has just begun' }
  let blockers: readonly Blocker[] = []
  let askedAt: number | null = null
  const unansweredFor = (): number => (askedAt === null ? 0 : performance.now() - askedAt)

  const sample = async (): Promise<number> => {
    askedAt = performance.now()
    try {
      latest = await readActivity(clientOf(), pid)
      if (latest.known && (latest.blockers.length > 0 || latest.statement !== null))
        blockers = latest.blockers
      return sampleInterval
    } catch (error) {
      latest = { known: false, reason: errorMessage(error) }
      return delayAfterFailure
    } finally {
      askedAt = null
    }
  }

  const sampleUntilStopped = async (): Promise<void> => {
    let seen = workOf()
    for (let delay = shortWorkInterval; await sleepUnlessAborted(delay, stop.signal);) {
      const work = workOf()
      delay = work === seen ? await sample() : shortWorkInterval
      seen = work
    }
  }

  const sampling = sampleUntilStopped()
  return {
    latest: () => (unansweredFor() > sampleTimeout ? unansweredActivity(unansweredFor()) : latest),
    blockers: () => blockers,
    end: async () => {
      stop.abort()
      await sampling
    },
  }
}

/** The sessions that keep others from inserting into a table, by its quoted name. */
export async function readInsertBlockers(client: pg.ClientBase, table: string): Promise<readonly Blocker[]> {
  const rows = await queryRows(client, insertBlockersQuery(pg.escapeLiteral(table)))
  return rows.map(parseBlocker)
}

async function readActivity(client: pg.Client, pid: number): Promise<Activity> {
  const [sessions, blockers, progress] = (await queryAll(client, activityQuery(pid))).map(rowsOf)
  const [session] = sessions ?? []
  if (session === undefined) return { known: false, reason: 'its session is gone' }
  const { state, query, type, event, lock } = session
  const isActive = state === 'active'
  return {
    known: true,
    statement: isActive && typeof query === 'string' ? shortenQuery(query) : null,
    work: parseCommandProgress(progress?.[0]),
    waits: isActive
      ? (asText(lock) ?? ([type, event].flatMap((part) => asText(part) ?? []).join(' ') || null))
      : null,
    blockers: (blockers ?? []).map(parseBlocker),
  }
}

function parseCommandProgress(row: Row | undefined): CommandProgress | null {
  if (row === undefined) return null
  const { command, relation, phase, percent } = row
  return {
    command: String(command),
    relation: asText(relation),
    phase: String(phase),
    percent: typeof percent === 'number' ? percent : null,
  }
}

function parseBlocker({ pid, user, application, address, state, since, query, holds }: Row): Blocker {
  return {
    pid: Number(pid),
    user: asText(user),
    application: asText(application),
    address: asText(address),
    state: asText(state),
    since: since instanceof Date ? since.toISOString() : null,
    query: state === null || typeof query !== 'string' || query === '' ? null : shortenQuery(query),
    holds: asText(holds),
  }
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
