import type { Blocker } from '../../core/progress/session-activity.js'
import { errorMessage } from '../../core/text/redact.js'
import type { LoadedMigration, Migration } from '../../project/migration-files.js'
import type { ActivitySampler } from '../locks/session-activity.js'
import type { LockedSession, MigrateOptions } from '../session/locked-session.js'

/** Revisions that Knex applies in one call: one transaction around all of them, or a single one without. */
export interface MigrationStep {
  readonly transactional: boolean
  readonly migrations: readonly (Migration & { readonly module: LoadedMigration })[]
}

export type MigrationWithModule = MigrationStep['migrations'][number]

export type RunContext = MigrateOptions & LockedSession

export interface RunState {
  readonly total: number
  readonly applied: string[]
  /** Begun in the attempt that runs now. */
  begun: string[]
  running: { readonly migration: MigrationWithModule; readonly transactional: boolean } | null
  /**
   * What PostgreSQL said in this attempt, by SQLSTATE, the last one last: Knex puts the SQL in front of its words, and goes
   * on in the aborted transaction.
   */
  readonly serverMessages: Map<string, string>
  /** Who was in the way when a statement of this attempt failed for it. */
  blockers: readonly Blocker[]
  /** Set once it is not tried again, though only locks of others were in the way. */
  givenUp: {
    readonly revision: string
    readonly attempts: number
    /** Milliseconds since the first attempt began. */
    readonly duration: number
    readonly blockers: readonly Blocker[]
  } | null
}

/** A run of migrations: what it works with, how far it is, and who looks at its session meanwhile. */
export interface ActiveRun {
  readonly context: RunContext
  readonly state: RunState
  readonly watch: ActivitySampler
}

/** What an error says, in PostgreSQL's own words where it is one of the server's. */
export function serverMessageOf(
  error: unknown,
  { serverMessages }: Pick<RunState, 'serverMessages'>,
): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return serverMessages.get(code) ?? errorMessage(error)
}
