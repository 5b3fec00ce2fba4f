import type { Completion } from '../history/completion-result.js'
import type { History } from '../history/history.js'
import type { StoredIdentity } from '../history/ownership.js'
import type { Decision } from '../history/policy.js'
import type { StaleRevision } from '../model/snapshot-staleness.js'
import type { RenamedObject } from '../model/renamed-object.js'
import type { Changes } from '../model/snapshot.js'
import type { Heartbeat } from './heartbeat.js'
import type { Blocker } from './session-activity.js'

/** The phase of a process, as `/health/schema` shows it. */
export type ProcessPhase =
  | 'starting'
  | 'connecting'
  | 'inspecting'
  | 'replaying'
  | 'waiting for the lock'
  | 'migrating'
  | 'seeding'
  | 'verifying'
  | 'serving'
  | 'refused'
  | 'draining'

/** What a revision did, and which it is of how many. */
interface RevisionResult {
  readonly revision: string
  readonly number: number
  readonly total: number
  /** Whether it is committed together with other revisions. */
  readonly shared: boolean
  readonly duration: number
  /** Null if no snapshot says what it changes. */
  readonly changes: Changes | null
  /** The keys of the changed objects that existed before. */
  readonly existing?: ReadonlySet<string>
}

/** Everything that is reported while work goes on, by event: one list for the log, the terminal and the health routes. */
export interface ProgressEvents {
  connecting: { readonly database: string; readonly environment: string }
  'waiting for database': { readonly reason: string; readonly waited: number }
  inspected: { readonly database: string; readonly history: History; readonly server: string }
  'embedded started': {
    readonly database: string
    readonly directory: string
    readonly fresh: boolean
    readonly startedHere: boolean
    /** The port it had before, where something else has it now. */
    readonly takenPort: number | null
    /** Why it is the database of the service; empty where it is only for scratch databases. */
    readonly because: string
  }
  /** It is not beside the migrations. */
  'snapshot elsewhere': { readonly directory: string }
  'snapshot stale': { readonly stale: readonly StaleRevision[]; readonly missing: boolean }
  replaying: {
    readonly revisions: number
    /** How many revisions are before them, built from the snapshot. */
    readonly after: number
    readonly where: string
  }
  /** The new revisions alone do not do. */
  'replaying all': { readonly why: string }
  /** A migration names it, and the scratch server did not have it. It is dropped afterwards. */
  'scratch role made': { readonly role: string }
  /** A migration made it outside its scratch database, and it could not be taken away. */
  'scratch leftover': { readonly name: string; readonly reason: string }
  /** A migration connects by itself, to a database in which a replay is to write nothing. */
  'connection redirected': { readonly address: string }
  /** Objects that have another name at every replay, each with a pattern for VERIFY_IGNORE. */
  /** It was changed by something that does not show in what a revision touched. */
  'replay repeated': { readonly missed: readonly string[] }
  'names differ': { readonly objects: readonly RenamedObject[] }
  'snapshot written': {
    readonly file: string
    readonly revisions: number
    readonly objects: number
    readonly duration: number
  }
  /** What a snapshot promises of a revision that is new in it, or promises something else. */
  'revision promised': {
    readonly revision: string
    readonly changes: Changes
    /** The keys of the changed objects that existed before. */
    readonly existing: ReadonlySet<string>
    /** The keys of the tables that it wrote rows into. */
    readonly rows?: readonly string[]
  }
  /** Revisions of which nothing is promised, each with what it did. */
  'promises empty': { readonly revisions: readonly string[] }
  'snapshot unavailable': { readonly reason: string }
  'waiting for lock': {
    /** The migration lock, or locks of other sessions on tables whose definitions must be read. */
    readonly lock: 'migration' | 'tables'
    readonly holder: string | null
    readonly waited: number
  }
  /** The process that held the migration lock was gone, and its session was ended. */
  'abandoned lock ended': { readonly holder: string }
  'interrupted before': {
    readonly revision: string
    readonly host: string
    readonly since: string
    /** Null if it had a transaction, which PostgreSQL rolled back. */
    readonly standing: Completion | null
  }
  /** To whom the database belongs from now on. */
  identified: { readonly identity: StoredIdentity }
  'knex lock freed': object
  /** What a pending revision does to others, by the name that allows it. */
  'hazard foreseen': { readonly revision: string; readonly hazard: string; readonly text: string }
  'backed up': {
    readonly name: string
    readonly size: number
    readonly sha256: string
    readonly duration: number
  }
  /** A sequence of a ledger was behind its rows, as after a restore of the rows alone. */
  'ledger sequence advanced': { readonly sequence: string; readonly value: number }
  /** `what` is a statement, or the revision that is recorded. */
  repairing: { readonly what: string }
  'repair running': { readonly what: string } & Heartbeat
  'revision started': { readonly revision: string; readonly number: number; readonly total: number }
  'revision running': { readonly revision: string } & Heartbeat
  /** Other sessions held locks: the work was rolled back, and begins again after the delay. */
  'revision blocked': {
    readonly revision: string
    /** The message of PostgreSQL. */
    readonly reason: string
    readonly blockers: readonly Blocker[]
    /** The revisions before it in the same transaction. */
    readonly along: readonly string[]
    readonly delay: number
  }
  notice: {
    readonly revision: string | null
    readonly severity: string
    readonly message: string
    /** Absent where it is not the server's. */
    readonly sqlstate?: string
  }
  /** It ran and was verified; in a transaction it is not committed yet. */
  'revision ran': RevisionResult
  /** It is committed. */
  'revision applied': RevisionResult
  'revision reverted': {
    readonly revision: string
    readonly number: number
    readonly total: number
    readonly duration: number
  }
  /** What is no difference, and worth telling. */
  note: { readonly text: string }
  /** A revision committed the transaction that it was given, and was verified and recorded outside of it. */
  'transaction ended': { readonly revision: string }
  /** The process ends while a revision runs, with this exit code unless it is changed. */
  'process ended': { readonly revision: string; readonly exit: number }
  'drift before': { readonly differences: number }
  'knex loaded': {
    readonly version: string
    /** The version of its pg; null where it has none. */
    readonly pg: string | null
    readonly folder: string
    /** Whether it is the one that schemagate brings. */
    readonly bundled: boolean
  }
  migrated: { readonly revisions: number; readonly duration: number }
  /** A statement that adds to the database what models have and it lacks; it is not committed yet. */
  'model added': { readonly source: string; readonly sql: string }
  /** The database was built from the snapshot, or what models have was added; `source` is `snapshot` or `models:FILE`. */
  built: {
    readonly source: string
    readonly statements: number
    /** How many revisions were recorded. */
    readonly revisions: number
    readonly duration: number
  }
  seeded: { readonly files: readonly string[]; readonly duration: number }
  verified: {
    readonly compared: Readonly<Record<string, number>>
    readonly differences: number
    /** How many differences were left out on purpose. */
    readonly ignored: number
    /** How many objects there are in schemas of which nothing is promised, by schema. Default: there are none. */
    readonly unpromised?: Readonly<Record<string, number>>
    /** When (ISO 8601) it was verified where nothing has changed since. Default: the catalog was read and compared. */
    readonly unchangedSince?: string | null
  }
  decided: {
    readonly decision: Decision
    /** `goes on serving`: the gate opened before, and a refusal is only said. */
    readonly consequence: 'as decided' | 'goes on serving'
    readonly lines: readonly string[]
  }
  /** A gate that had refused is open; `after` is how long it refused. */
  'gate opened': { readonly after: number }
  listening: { readonly address: string; readonly what: string }
  'database lost': { readonly reason: string }
  'database back': { readonly lostFor: number }
  /** The database answers, but cannot be verified, for example because a privilege was revoked. */
  'check failing': { readonly reason: string }
  'check working': { readonly failedFor: number }
  /** The process was asked to stop before the gate opened, or while a command was running. */
  stopping: { readonly signal: string }
  draining: { readonly signal: string; readonly delay: number }
}

/** One piece of progress. All durations are in milliseconds. */
export type Progress<E extends keyof ProgressEvents = keyof ProgressEvents> = {
  [Name in E]: { readonly event: Name } & ProgressEvents[Name]
}[E]

/** Receives progress. It must not throw, and nothing waits for it. */
export type ProgressReporter = (progress: Progress) => void
