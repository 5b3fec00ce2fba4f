import type pg from 'pg'
import {
  type Activity,
  type Blocker,
  shortenQuery,
  unansweredActivity,
  type CommandProgress,
} from '../../core/progress/session-activity.js'
import { errorMessage } from '../../core/text/redact.js'
import { sleepUnlessAborted } from '../connection/backoff.js'
import { connect, type Connection } from '../connection/connect.js'
import { closeClient } from '../connection/lifecycle.js'
import { queryAll, type Row, rowsOf } from '../connection/query.js'
import { activityQuery } from './session-activity.sql.js'

/** Looks at a session from a connection of its own, several times a second, for as long as it is not ended. */
export interface ActivitySampler {
  /** What the session did when it was last looked at. Not known where nobody could look, or the answer is overdue. */
  readonly latest: () => Activity
  /** Who blocked it, if it was blocked when it was last seen to run a statement. */
  readonly blockers: () => readonly Blocker[]
  readonly end: () => Promise<void>
}

export interface SampledSessions {
  readonly connection: Connection
  /** The session that migrates. */
  readonly pid: number
  /** The session that writes the ledger for it: it may wait for the first one, which PostgreSQL cannot know. */
  readonly ledgerPid: number
}

const sampleInterval = 300
const delayAfterFailure = 2_000
const sampleTimeout = 3_000

/** Watches from now on. A connection is made only once there is something to look at, and again when it is lost. */
export function startActivitySampler(watched: SampledSessions): ActivitySampler {
  const stop = new AbortController()
  let latest: Activity = { known: false, reason: 'it has just begun' }
  let blockers: readonly Blocker[] = []
  let askedAt: number | null = null
  let client: pg.Client | null = null
  const silence = (): number => (askedAt === null ? 0 : performance.now() - askedAt)
  const drop = async (): Promise<void> => {
    const dropped = client
    client = null
    if (dropped !== null) await closeClient(dropped)
  }

  const look = async (): Promise<number> => {
    askedAt = performance.now()
    try {
      client ??= await connect(watched.connection)
      latest = await readActivity(client, watched)
      if (latest.known && (latest.blockers.length > 0 || latest.statement !== null))
        blockers = latest.blockers
      return sampleInterval
    } catch (error) {
      latest = { known: false, reason: errorMessage(error) }
      await drop()
      return delayAfterFailure
    } finally {
      askedAt = null
    }
  }

  const watch = async (): Promise<void> => {
    for (let delay = sampleInterval; await sleepUnlessAborted(delay, stop.signal);) delay = await look()
  }

  const watching = watch()
  return {
    latest: () => (silence() > sampleTimeout ? unansweredActivity(silence()) : latest),
    blockers: () => blockers,
    end: async () => {
      stop.abort()
      await drop()
      await watching
      await drop()
    },
  }
}

async function readActivity(client: pg.Client, { pid, ledgerPid }: SampledSessions): Promise<Activity> {
  const [sessions, blockers, progress] = (await queryAll(client, activityQuery(pid, ledgerPid))).map(rowsOf)
  const [session] = sessions ?? []
  if (session === undefined) return { known: false, reason: 'its session is gone' }
  const { state, query, type, event, lock } = session
  const runs = state === 'active'
  return {
    known: true,
    statement: runs && typeof query === 'string' ? shortenQuery(query) : null,
    work: parseCommandProgress(progress?.[0]),
    waits: runs
      ? (asText(lock) ?? ([type, event].flatMap((word) => asText(word) ?? []).join(' ') || null))
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
