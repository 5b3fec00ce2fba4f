import type { LockedSession, MigrateOptions } from './locked-session.js'
import type { LoadedMigration, Migration } from './migrations.js'

/** Revisions that Knex applies in one call: one transaction around all of them, or a single one without. */
export interface Step {
  readonly transactional: boolean
  readonly migrations: readonly (Migration & { readonly module: LoadedMigration })[]
}

export type Loaded = Step['migrations'][number]

export type RunContext = MigrateOptions & LockedSession

export interface RunState {
  readonly total: number
  readonly applied: string[]
  /** Begun in the step that runs now. */
  begun: string[]
  running: { readonly migration: Loaded; readonly startedAt: number; readonly transactional: boolean } | null
  /** PostgreSQL's own words by SQLSTATE: Knex puts the SQL in front of them, and goes on in the aborted transaction. */
  readonly serverMessages: Map<string, string>
}

/** What an error says, in PostgreSQL's own words where it is one of the server's. */
export function messageOf(error: unknown, { serverMessages }: RunState): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  return serverMessages.get(code) ?? error.message
}
