import { describeDuration } from '../text/format.js'

/** Another session that a migration waits for, as PostgreSQL shows it to our role: what it may not see is null. */
export interface Blocker {
  /** 0 for a transaction that was prepared: it has no session. */
  readonly pid: number
  readonly user: string | null
  readonly application: string | null
  readonly address: string | null
  readonly state: string | null
  /** When its transaction began; ISO 8601. */
  readonly since: string | null
  /** Its last statement, see `shortQuery`. */
  readonly query: string | null
  /** What it has of what the migration wants: `AccessShareLock on songs`. Null where it only waits in front of it. */
  readonly holds: string | null
}

/** A command that PostgreSQL reports the progress of. */
export interface CommandProgress {
  /** `CREATE INDEX CONCURRENTLY`, `VACUUM FULL`, `COPY FROM`, … */
  readonly command: string
  /** Null where it is not known to others yet. */
  readonly relation: string | null
  readonly phase: string
  readonly percent: number | null
}

/** What the session that migrates does just now. */
export type Activity =
  | { readonly known: false; readonly reason: string }
  | {
      readonly known: true
      /** The statement that runs, see `shortQuery`. Null between two. */
      readonly statement: string | null
      readonly work: CommandProgress | null
      /** What it waits for: `AccessExclusiveLock on songs`, `IO DataFileRead`. */
      readonly waits: string | null
      readonly blockers: readonly Blocker[]
    }

const literalPattern = /'(?:[^'\\]|''|\\[\s\S])*'?|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g
const maxQueryLength = 80

/** SQL without its texts: they are somebody's data, or a password. */
export function redactLiterals(sql: string): string {
  return sql.replaceAll(literalPattern, "'…'")
}

/** A statement on one line, of at most 80 characters, without its texts: they are somebody's data. */
export function shortenQuery(query: string): string {
  const line = redactLiterals(query).replaceAll(/\s+/g, ' ').trim()
  return line.length <= maxQueryLength ? line : `${line.slice(0, maxQueryLength - 1)}…`
}

/** A blocker in words: `pid 7 (user app, psql, idle in transaction since …, holds AccessShareLock on songs): select …`. */
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

/** Who blocks, on one line. */
export function describeBlockers(blockers: readonly Blocker[]): string {
  return blockers.length === 0 ? noBlockerSeen : blockers.map(describeBlocker).join('; ')
}

/** What is said of blockers where none was seen. */
export const noBlockerSeen = 'others that were gone before they could be seen'

/** What is done just now, in words: `CREATE INDEX on songs: building index, 43 %`. */
export function describeActivity(activity: Activity): string {
  if (!activity.known) return `what it does is not known: ${activity.reason}`
  const { statement, work, waits, blockers } = activity
  const doing = work === null ? statement : describeCommandProgress(work)
  const held = blockers.length === 0 ? '' : `, held by ${describeBlockers(blockers)}`
  const parts = [doing ?? 'between two statements', waits === null ? null : `waits for ${waits}${held}`]
  return parts.filter((part) => part !== null).join('; ')
}

function describeCommandProgress({ command, relation, phase, percent }: CommandProgress): string {
  const where = relation === null ? '' : ` on ${relation}`
  return `${command}${where}: ${phase}${percent === null ? '' : `, ${percent} %`}`
}

/** Why nothing is known of a session: whoever looks after it does not get an answer. */
export function unansweredActivity(milliseconds: number): Activity {
  return { known: false, reason: `PostgreSQL has not answered for ${describeDuration(milliseconds)}` }
}
