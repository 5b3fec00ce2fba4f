import { describeDuration } from '../text/format.js'

/** A session that a migration waits for, as PostgreSQL shows it to our role. What the role may not see is null. */
export interface Blocker {
  /** 0 for a prepared transaction, which has no session. */
  readonly pid: number
  readonly user: string | null
  readonly application: string | null
  readonly address: string | null
  readonly state: string | null
  /** When its transaction began; ISO 8601. */
  readonly since: string | null
  /** Its last statement, shortened by `shortenQuery`. */
  readonly query: string | null
  /** The lock that conflicts with the migration: `AccessShareLock on songs`. Null if it only waits before the migration. */
  readonly holds: string | null
}

/** The progress of a command that PostgreSQL reports in a `pg_stat_progress_…` view. */
export interface CommandProgress {
  /** `CREATE INDEX CONCURRENTLY`, `VACUUM FULL`, `COPY FROM`, … */
  readonly command: string
  /** Null if it is not visible to other sessions yet. */
  readonly relation: string | null
  readonly phase: string
  readonly percent: number | null
}

/** What the migrating session does at the moment. */
export type Activity =
  | { readonly known: false; readonly reason: string }
  | {
      readonly known: true
      /** The running statement, shortened by `shortenQuery`. Null between two statements. */
      readonly statement: string | null
      readonly work: CommandProgress | null
      /** What it waits for: `AccessExclusiveLock on songs`, `IO DataFileRead`. */
      readonly waits: string | null
      readonly blockers: readonly Blocker[]
    }

const literalPattern = /'(?:[^'\\]|''|\\[\s\S])*'?|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g
const maxQueryLength = 80

/** SQL without its string literals, which can contain data or a password. */
export function redactLiterals(sql: string): string {
  return sql.replaceAll(literalPattern, "'…'")
}

/** A statement on one line of at most 80 characters, without its string literals. */
export function shortenQuery(query: string): string {
  const line = redactLiterals(query).replaceAll(/\s+/g, ' ').trim()
  return line.length <= maxQueryLength ? line : `${line.slice(0, maxQueryLength - 1)}…`
}

/** A blocker on one line: `pid 7 (user app, psql, idle in transaction since …, holds AccessShareLock on songs): select …`. */
export function describeBlocker(blocker: Blocker): string {
  const { pid, query } = blocker
  if (pid === 0) return 'a prepared transaction (pg_prepared_xacts lists them)'
  return `pid ${pid} (${describeSession(blocker)})${query === null ? '' : `: ${query}`}`
}

function describeSession({ user, application, address, state, since, holds }: Blocker): string {
  const parts = [
    user === null ? null : `user ${user}`,
    application,
    address === null ? null : `from ${address}`,
    [state, since === null ? null : `since ${since}`].filter((part) => part !== null).join(' ') || null,
    holds === null ? null : `holds ${holds}`,
  ]
  return parts.filter((part) => part !== null).join(', ')
}

/** All blockers on one line. */
export function describeBlockers(blockers: readonly Blocker[]): string {
  return blockers.length === 0 ? noBlockerSeen : blockers.map(describeBlocker).join('; ')
}

/** Stands for blockers where none was seen. */
export const noBlockerSeen = 'sessions that ended before they could be seen'

/** An activity as a sentence: `CREATE INDEX on songs: building index, 43 %`. */
export function describeActivity(activity: Activity): string {
  if (!activity.known) return `its activity is unknown: ${activity.reason}`
  const { statement, work, waits, blockers } = activity
  const doing = work === null ? statement : describeCommandProgress(work)
  const heldBy = blockers.length === 0 ? '' : `, held by ${describeBlockers(blockers)}`
  const parts = [doing ?? 'between two statements', waits === null ? null : `waits for ${waits}${heldBy}`]
  return parts.filter((part) => part !== null).join('; ')
}

function describeCommandProgress({ command, relation, phase, percent }: CommandProgress): string {
  const where = relation === null ? '' : ` on ${relation}`
  return `${command}${where}: ${phase}${percent === null ? '' : `, ${percent} %`}`
}

/** The activity of a session about which PostgreSQL does not answer. */
export function unansweredActivity(milliseconds: number): Activity {
  return { known: false, reason: `PostgreSQL has not answered for ${describeDuration(milliseconds)}` }
}
