import type { Blocker } from '../../core/progress/session-activity.js'
import { errorMessage } from '../../core/text/redact.js'
import type { LoadedMigration } from '../../project/load-migration.js'
import type { Migration } from '../../project/migration-files.js'

/** A migration with its code, ready to run. */
export interface LoadedRevision extends Migration {
  readonly module: LoadedMigration
  readonly transactional: boolean
}

/** A revision that did not get its locks in time. */
export interface LockFailure {
  readonly revision: string
  readonly attempts: number
  /** Milliseconds since the first attempt began. */
  readonly duration: number
  readonly blockers: readonly Blocker[]
}

/** How far a run is. */
export interface RunState {
  /** How many revisions the run has. */
  readonly total: number
  /** The revisions whose steps are committed. */
  readonly applied: readonly string[]
  /** The revisions begun in this attempt of the current step. */
  readonly begun: readonly string[]
  readonly running: LoadedRevision | null
  /**
   * The server's error messages in this attempt, by SQLSTATE, the last one last. Knex puts the SQL in front of them, and
   * goes on in the aborted transaction.
   */
  readonly serverMessages: ReadonlyMap<string, string>
  /** Who held the lock that a statement of this attempt failed to get. */
  readonly blockers: readonly Blocker[]
  /** Set once a step that locks of others block is not tried again. */
  readonly lockFailure: LockFailure | null
}

/** The state of a run, and the only functions that change it. */
export interface RunProgress {
  readonly state: RunState
  /** A step begins, for the first time or again. */
  readonly beginAttempt: () => void
  /** A revision begins. Returns its number in the run. */
  readonly beginRevision: (revision: LoadedRevision) => number
  /** A `down` begins; the ledger records it only once it is done. */
  readonly beginRevert: (revision: LoadedRevision) => void
  /** No revision runs: the last one is done, or its attempt was rolled back and recorded. */
  readonly endRevision: () => void
  /** The step is committed. */
  readonly commitStep: (revisions: readonly string[]) => void
  /** The attempt is rolled back. */
  readonly rollBackAttempt: () => void
  readonly addServerMessage: (code: string, message: string) => void
  readonly setBlockers: (blockers: readonly Blocker[]) => void
  readonly fail: (failure: LockFailure) => void
}

/** Starts the record of a run of so many revisions. */
export function createRunProgress(total: number): RunProgress {
  const nothing: RunState = {
    total,
    applied: [],
    begun: [],
    running: null,
    serverMessages: new Map(),
    blockers: [],
    lockFailure: null,
  }
  let state = nothing
  const change = (changes: Partial<RunState>): void => {
    state = { ...state, ...changes }
  }
  return {
    get state() {
      return state
    },
    beginAttempt: () => change({ ...nothing, applied: state.applied }),
    beginRevision: (running) => {
      change({ running, begun: [...state.begun, running.revision] })
      return state.applied.length + state.begun.length
    },
    beginRevert: (running) => change({ running }),
    endRevision: () => change({ running: null }),
    commitStep: (revisions) => change({ applied: [...state.applied, ...revisions], begun: [] }),
    rollBackAttempt: () => change({ begun: [] }),
    addServerMessage: (code, message) => {
      const others = [...state.serverMessages].filter(([known]) => known !== code)
      change({ serverMessages: new Map([...others, [code, message]]) })
    },
    setBlockers: (blockers) => change({ blockers }),
    fail: (lockFailure) => change({ lockFailure }),
  }
}

/** The message of an error, in PostgreSQL's own words if it is one of the server's. */
export function serverMessageOf(error: unknown, serverMessages: ReadonlyMap<string, string>): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return serverMessages.get(code) ?? errorMessage(error)
}
