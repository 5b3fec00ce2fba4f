import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import {
  type Activity,
  type Blocker,
  shortQuery,
  unanswered,
  type Work,
} from '../../core/progress/session-activity.js'
import { saidBy } from '../../core/text/redact.js'
import { connect, type Connection } from '../connection/connect.js'
import { close } from '../connection/lifecycle.js'
import { queryAll, type Rows } from '../connection/query.js'
import { activityQueries } from './session-activity.sql.js'

/** Looks at a session from a connection of its own, several times a second, for as long as it is not ended. */
export interface ActivityWatch {
  /** What the session did when it was last looked at. Not known where nobody could look, or the answer is overdue. */
  readonly latest: () => Activity
  /** Who blocked it, if it was blocked when it was last seen to run a statement. */
  readonly blockers: () => readonly Blocker[]
  readonly end: () => Promise<void>
}

export interface Watched {
  readonly connection: Connection
  /** The session that migrates. */
  readonly pid: number
  /** The session that writes the ledger for it: it may wait for the first one, which PostgreSQL cannot know. */
  readonly audit: number
}

const interval = 300
const afterFailure = 2_000
const overdue = 3_000

/** Watches from now on. A connection is made only once there is something to look at, and again when it is lost. */
export function watchActivity(watched: Watched): ActivityWatch {
  const stop = new AbortController()
  let latest: Activity = { known: false, reason: 'it has just begun' }
  let blockers: readonly Blocker[] = []
  let askedAt: number | null = null
  let client: pg.Client | null = null
  const silence = (): number => (askedAt === null ? 0 : performance.now() - askedAt)
  const drop = async (): Promise<void> => {
    const dropped = client
    client = null
    if (dropped !== null) await close(dropped)
  }

  const look = async (): Promise<number> => {
    askedAt = performance.now()
    try {
      client ??= await connect(watched.connection)
      latest = await activityOf(client, watched)
      if (latest.known && (latest.blockers.length > 0 || latest.statement !== null))
        blockers = latest.blockers
      return interval
    } catch (error) {
      latest = { known: false, reason: saidBy(error) }
      await drop()
      return afterFailure
    } finally {
      askedAt = null
    }
  }

  const watch = async (): Promise<void> => {
    for (let delay = interval; await slept(delay, stop.signal);) delay = await look()
  }

  const watching = watch()
  return {
    latest: () => (silence() > overdue ? unanswered(silence()) : latest),
    blockers: () => blockers,
    end: async () => {
      stop.abort()
      await drop()
      await watching
      await drop()
    },
  }
}

/** False when told to stop. */
function slept(duration: number, signal: AbortSignal): Promise<boolean> {
  return sleep(duration, true, { signal }).catch(() => false)
}

async function activityOf(client: pg.Client, { pid, audit }: Watched): Promise<Activity> {
  const [sessions, blockers, progress] = (await queryAll(client, activityQueries(pid, audit))).map(records)
  const [session] = sessions ?? []
  if (session === undefined) return { known: false, reason: 'its session is gone' }
  const { state, query, type, event, lock } = session
  const runs = state === 'active'
  return {
    known: true,
    statement: runs && typeof query === 'string' ? shortQuery(query) : null,
    work: workFrom(progress?.[0]),
    waits: runs
      ? (textOf(lock) ?? ([type, event].flatMap((word) => textOf(word) ?? []).join(' ') || null))
      : null,
    blockers: (blockers ?? []).map(blockerFrom),
  }
}

type Row = Readonly<Record<string, unknown>>

function records({ columns, rows }: Rows): readonly Row[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])))
}

function workFrom(row: Row | undefined): Work | null {
  if (row === undefined) return null
  const { command, relation, phase, percent } = row
  return {
    command: String(command),
    relation: textOf(relation),
    phase: String(phase),
    percent: typeof percent === 'number' ? percent : null,
  }
}

function blockerFrom({ pid, user, application, address, state, since, query, holds }: Row): Blocker {
  return {
    pid: Number(pid),
    user: textOf(user),
    application: textOf(application),
    address: textOf(address),
    state: textOf(state),
    since: since instanceof Date ? since.toISOString() : null,
    query: state === null || typeof query !== 'string' || query === '' ? null : shortQuery(query),
    holds: textOf(holds),
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
