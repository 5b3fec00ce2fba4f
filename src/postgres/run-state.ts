import type { LockedSession, MigrateOptions } from './locked-session.js'
import type { LoadedMigration, Migration } from './migrations.js'

/** Revisions that Knex applies in one call: one transaction around all of them, or a single one without. */
export interface Step {
  readonly transactional: boolean
  readonly migrations: readonly (Migration & { readonly module: LoadedMigration })[]
}

export type Loaded = Step['migrations'][number]

export type RunContext = MigrateOptions & LockedSession

/** PostgreSQL's own words about an error, which Knex puts the SQL in front of. */
export interface ServerMessage {
  readonly message: string
}

export interface RunState {
  readonly total: number
  readonly applied: string[]
  /** Begun in the step that runs now. */
  begun: string[]
  running: { readonly migration: Loaded; readonly startedAt: number; readonly transactional: boolean } | null
  serverMessage: ServerMessage | null
}
