import { compareHistory } from '../../core/history/history.js'
import { defaultScope } from '../../core/model/scope.js'
import type { Migration } from '../../project/migration-files.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { Inspection } from '../inspect/inspect.js'
import { type LockedSession, type MigrateOptions, withLockedSession } from '../session/locked-session.js'
import { halfAppliedError } from '../verify/half-applied-error.js'
import {
  isHalfApplied,
  isInterrupted,
  readUnfinishedRevisions,
  mayHaveLeftObjects,
} from '../verify/unfinished-revisions.js'
import { loadSteps, runSteps } from './run-steps.js'

export interface MigrationResult {
  readonly revisions: readonly string[]
  /** Milliseconds. */
  readonly duration: number
}

/**
 * Applies the pending revisions up to `to` (default: head) under the lock, each verified before its commit. Inspects again
 * once the lock is held: another process may have done it. Does nothing where the position is not `empty` or `behind`.
 * Throws SCHEMA_HALF_APPLIED before anything is run, SCHEMA_LOCK_TIMEOUT, SCHEMA_MIGRATION_FAILED, SCHEMA_PROMISE_BROKEN, SCHEMA_INTERRUPTED.
 */
export async function migrate(options: MigrateOptions, to: string | null = null): Promise<MigrationResult> {
  const started = performance.now()
  const revisions = await withLockedSession(options, async (locked) => {
    const wanted = selectPending(options.migrations, locked.inspection, to)
    if (wanted.length === 0) return []
    await refuseHalfApplied(wanted, { options, locked })
    const steps = await loadSteps(wanted, options)
    return runSteps(steps, { ...options, ...locked })
  })
  return { revisions, duration: performance.now() - started }
}

interface Before {
  readonly options: MigrateOptions
  readonly locked: LockedSession
}

/** Also tells of the interrupted revisions that can be run again. */
async function refuseHalfApplied(
  wanted: readonly Migration[],
  { options, locked: { session, inspection } }: Before,
): Promise<void> {
  if (!wanted.some(({ revision }) => inspection.ledger?.last.has(revision))) return
  const { migrations, connection, snapshot, report, scope = defaultScope } = options
  const standpoint = { snapshot, inspection, scope: { ...scope, comments: false, grants: false } }
  const stood = await readUnfinishedRevisions(session.client, wanted, standpoint)
  if (stood.some(isHalfApplied))
    throw halfAppliedError({
      pending: stood,
      build: migrations.map(({ revision }) => revision),
      database: describeAddress(addressOf(connection)),
      consequence: 'Nothing was run.',
    })
  for (const each of stood.filter(isInterrupted))
    if (each.lastEvent !== null)
      report({
        event: 'interrupted before',
        revision: each.revision,
        host: each.lastEvent.host,
        since: each.lastEvent.at,
        standing: mayHaveLeftObjects(each) ? each.completion : null,
      })
}

function selectPending(
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
