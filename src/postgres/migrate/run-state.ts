import type { Blocker } from '../../core/progress/session-activity.js'
import type { Progress } from '../../core/progress/events.js'
import type { ErrorChoice } from '../../errors/schema-error.js'
import { errorMessage, shortenMessage } from '../../core/text/redact.js'
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

/** Why a revision whose code did not fail cannot be recorded. */
export interface SessionViolation {
  readonly what: string
  readonly choices: readonly ErrorChoice[]
}

/** How far a run is. */
export interface RunState {
  /** How many revisions the run has. */
  readonly total: number
  /** How many revisions the current step has. */
  readonly stepSize: number
  /** The revisions whose steps are committed. */
  readonly applied: readonly string[]
  /** The revisions begun in this attempt of the current step. */
  readonly begun: readonly string[]
  /** What is to be reported of the revisions that ran, once they are committed. */
  readonly uncommitted: readonly Progress<'revision applied'>[]
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
  /** How the running revision ended the transaction of its step, null if it did not. */
  readonly endedTransaction: 'committed' | 'rolled back' | null
  readonly violation: SessionViolation | null
}

/** The state of a run, and the only functions that change it. */
export interface RunProgress {
  readonly state: RunState
  /** A step begins, for the first time or again. */
  readonly beginAttempt: (stepSize: number) => void
  /** A revision begins. Returns its number in the run. */
  readonly beginRevision: (revision: LoadedRevision) => number
  /** A `down` begins; the ledger records it only once it is done. */
  readonly beginRevert: (revision: LoadedRevision) => void
  /** No revision runs: the last one is done, or its attempt was rolled back and recorded. */
  readonly endRevision: () => void
  /** A revision ran to its end, and is recorded in the transaction of its step. */
  readonly finishRevision: (report: Progress<'revision applied'>) => void
  /** What was begun is committed. */
  readonly commitBegun: () => void
  /** The code of the running revision has ended the transaction of the step: what was begun before it shares its fate. */
  readonly endTransaction: (how: 'committed' | 'rolled back') => void
  readonly violate: (violation: SessionViolation) => void
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
    stepSize: 1,
    applied: [],
    begun: [],
    uncommitted: [],
    running: null,
    serverMessages: new Map(),
    blockers: [],
    lockFailure: null,
    endedTransaction: null,
    violation: null,
  }
  let state = nothing
  const change = (changes: Partial<RunState>): void => {
    state = { ...state, ...changes }
  }
  return {
    get state() {
      return state
    },
    beginAttempt: (stepSize) => change({ ...nothing, stepSize, applied: state.applied }),
    beginRevision: (running) => {
      change({ running, begun: [...state.begun, running.revision] })
      return state.applied.length + state.begun.length
    },
    beginRevert: (running) => change({ running }),
    endRevision: () => change({ running: null }),
    commitBegun: () => change(afterCommit(state)),
    finishRevision: (applied) => change({ uncommitted: [...state.uncommitted, applied] }),
    endTransaction: (how) => change(afterEndedTransaction(state, how)),
    violate: (violation) => change({ violation }),
    rollBackAttempt: () => change({ begun: [] }),
    addServerMessage: (code, message) => {
      const others = [...state.serverMessages].filter(([known]) => known !== code)
      change({ serverMessages: new Map([...others, [code, message]]) })
    },
    setBlockers: (blockers) => change({ blockers }),
    fail: (lockFailure) => change({ lockFailure }),
  }
}

function afterCommit({ applied, begun }: RunState): Partial<RunState> {
  return { applied: [...applied, ...begun], begun: [], uncommitted: [], endedTransaction: null }
}

/** The running revision goes on outside a transaction; those before it share the fate of the one that ended. */
function afterEndedTransaction(
  { applied, begun, running }: RunState,
  endedTransaction: 'committed' | 'rolled back',
): Partial<RunState> {
  const committed = endedTransaction === 'committed' ? begun.slice(0, -1) : []
  return {
    endedTransaction,
    running: running === null ? null : { ...running, transactional: false },
    applied: [...applied, ...committed],
    begun: begun.slice(committed.length),
    uncommitted: [],
  }
}

/** The message of an error, in PostgreSQL's own words if it is one of the server's. */
export function serverMessageOf(error: unknown, serverMessages: ReadonlyMap<string, string>): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return shortenMessage(serverMessages.get(code) ?? '') || errorMessage(error)
}
