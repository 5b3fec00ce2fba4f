import type { Statement } from '../../ddl/statement.js'
import type { ReadRetryOptions } from '../../postgres/inspect/read-with-retry.js'
import type { ActivitySampler } from '../../postgres/locks/session-activity.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { LockedSession } from '../../postgres/session/sessions.js'
import type { SessionMark } from './settle-step.js'

/** A plan that is applied: its steps, and the session in which they run. */
export interface ApplyRun {
  readonly steps: readonly (readonly Statement[])[]
  readonly options: MigrateOptions
  readonly locked: LockedSession
  readonly mark: SessionMark
  readonly sampler: ActivitySampler
  readonly retry: ReadRetryOptions
}
