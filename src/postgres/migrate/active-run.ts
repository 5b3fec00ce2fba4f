import type { ActivitySampler } from '../locks/session-activity.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import type { LockedSession } from '../session/sessions.js'
import type { RunProgress } from './run-state.js'

/** What a run works with: its options, and the session that holds the lock. */
export type RunContext = MigrateOptions & LockedSession

/** A run of revisions: what it works with, how far it is, and what its session does. */
export interface ActiveRun {
  readonly context: RunContext
  readonly progress: RunProgress
  readonly sampler: ActivitySampler
}
