import { compareHistory } from '../core/history.js'
import type { Inspection } from './inspect.js'
import { type MigrateOptions, withLockedSession } from './locked-session.js'
import type { Migration } from './migrations.js'
import { planSteps, runSteps } from './run.js'

export interface MigrationRun {
  readonly revisions: readonly string[]
  /** Milliseconds. */
  readonly duration: number
}

/**
 * Applies the pending revisions up to `to` (default: head) under the lock, each verified before its commit. Inspects again
 * once the lock is held: another process may have done it. Does nothing where the position is not `empty` or `behind`.
 * Throws SCHEMA_LOCK_TIMEOUT, SCHEMA_MIGRATION_FAILED, SCHEMA_PROMISE_BROKEN, SCHEMA_INTERRUPTED.
 */
export async function migrate(options: MigrateOptions, to: string | null = null): Promise<MigrationRun> {
  const started = performance.now()
  const revisions = await withLockedSession(options, async (locked) => {
    const wanted = pendingUpTo(options.migrations, locked.inspection, to)
    if (wanted.length === 0) return []
    const steps = await planSteps(wanted, options)
    return runSteps(steps, { ...options, ...locked })
  })
  return { revisions, duration: performance.now() - started }
}

function pendingUpTo(
  migrations: readonly Migration[],
  { recorded }: Inspection,
  to: string | null,
): readonly Migration[] {
  const { position, pending } = compareHistory(
    migrations.map(({ revision }) => revision),
    recorded,
  )
  if (position !== 'empty' && position !== 'behind') return []
  const last = to === null ? migrations.length : migrations.findIndex(({ revision }) => revision === to) + 1
  return migrations.slice(0, last).filter(({ revision }) => pending.includes(revision))
}
