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

/** Reads several times a second what a session does, on a connection of its own, until `end` is called. */
export interface ActivitySampler {
  /** What the session did at the last sample; not known where the sample failed or its answer is overdue. */
  readonly latest: () => Activity
  /** Who blocked the session at the last sample that found it running a statement. */
  readonly blockers: () => readonly Blocker[]
  readonly end: () => Promise<void>
}

const sampleInterval = 300
const delayAfterFailure = 2_000
const sampleTimeout = 3_000

/**
 * Samples the session `pid`, which migrates, from now on. It may also wait for the session `ledgerPid`, which writes the
 * ledger for it; PostgreSQL cannot know that. Connects for the first sample, and again after a lost connection.
 */
export function startActivitySampler(
  connection: Connection,
  pid: number,
  ledgerPid: number,
): ActivitySampler {
  const stop = new AbortController()
  let latest: Activity = { known: false, reason: 'it has just begun' }
  let blockers: readonly Blocker[] = []
  let askedAt: number | null = null
  let client: pg.Client | null = null
  const unansweredFor = (): number => (askedAt === null ? 0 : performance.now() - askedAt)
  const disconnect = async (): Promise<void> => {
    const last = client
    client = null
    if (last !== null) await closeClient(last)
  }

  const sample = async (): Promise<number> => {
    askedAt = performance.now()
    try {
      client ??= await connect(connection)
      latest = await readActivity(client, pid, ledgerPid)
      if (latest.known && (latest.blockers.length > 0 || latest.statement !== null))
        blockers = latest.blockers
      return sampleInterval
    } catch (error) {
      latest = { known: false, reason: errorMessage(error) }
      await disconnect()
      return delayAfterFailure
    } finally {
      askedAt = null
    }
  }

  const sampleUntilStopped = async (): Promise<void> => {
    for (let delay = sampleInterval; await sleepUnlessAborted(delay, stop.signal);) delay = await sample()
  }

  const sampling = sampleUntilStopped()
  return {
    latest: () => (unansweredFor() > sampleTimeout ? unansweredActivity(unansweredFor()) : latest),
    blockers: () => blockers,
    end: async () => {
      stop.abort()
      // A sample that waits for an answer fails with its connection, and may have opened a new one.
      await disconnect()
      await sampling
      await disconnect()
    },
  }
}

async function readActivity(client: pg.Client, pid: number, ledgerPid: number): Promise<Activity> {
  const [sessions, blockers, progress] = (await queryAll(client, activityQuery(pid, ledgerPid))).map(rowsOf)
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
