import { compareHistory } from '../../core/history/history.js'
import type { Migration } from '../../project/migration-files.js'
import { findKnex } from '../../project/project-knex.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { Inspection } from '../inspect/inspection.js'
import { appendEntries } from '../ledger/ledger.js'
import { withLockedSession } from '../session/locked-session.js'
import type { MigrateOptions } from '../session/migrate-options.js'
import type { OpenedSession } from '../session/sessions.js'
import { createRevisionCheck, type RevisionCheck } from '../verify/check-revision.js'
import { halfAppliedError } from '../verify/half-applied-error.js'
import {
  isHalfApplied,
  isInterrupted,
  mayHaveLeftObjects,
  readUnfinishedRevisions,
} from '../verify/unfinished-revisions.js'
import { loadSteps, runSteps } from './run-steps.js'

export interface MigrationResult {
  readonly revisions: readonly string[]
  /** Milliseconds. */
  readonly duration: number
}

/**
 * Applies the pending revisions up to `to` (default: head) under the lock, each checked before its commit (default: against
 * the snapshot). Inspects again once the lock is held: another process may have migrated. Does nothing where the position is
 * not `empty` or `behind`. Throws SCHEMA_HALF_APPLIED before anything is run, SCHEMA_LOCK_TIMEOUT, SCHEMA_MIGRATION_FAILED,
 * SCHEMA_MIGRATION_BLOCKED, SCHEMA_PROMISE_BROKEN, SCHEMA_INTERRUPTED.
 */
export async function applyPending(
  options: MigrateOptions,
  to: string | null = null,
  check: RevisionCheck = createRevisionCheck(options.target),
): Promise<MigrationResult> {
  const started = performance.now()
  const revisions = await withLockedSession(options, (opened) => applyInSession(opened, options, to, check))
  return { revisions, duration: performance.now() - started }
}

/** The same in a session that holds the lock. Returns the revisions that were applied. */
export async function applyInSession(
  opened: OpenedSession,
  options: MigrateOptions,
  to: string | null,
  check: RevisionCheck,
): Promise<readonly string[]> {
  const { migrations, project } = options.target
  const pending = selectPending(migrations, opened.inspection, to)
  if (pending.length === 0) return []
  await refuseHalfApplied(pending, options, opened)
  options.report({ event: 'knex loaded', ...findKnex(project) })
  const steps = await loadSteps(pending, project, options.policy)
  const names = pending.map(({ revision }) => revision)
  const entries = (await options.beforeRun?.(names, opened.session.client, opened.inspection)) ?? []
  const locked = await opened.prepareLedgers()
  await appendEntries(locked.auditClient, locked, entries)
  return runSteps(steps, { ...options, ...locked }, check)
}

function selectPending(
  migrations: readonly Migration[],
  { recorded }: Inspection,
  to: string | null,
): readonly Migration[] {
  const build = migrations.map(({ revision }) => revision)
  const { position, pending } = compareHistory(build, recorded)
  if (position !== 'empty' && position !== 'behind') return []
  const last = to === null ? migrations.length : build.indexOf(to) + 1
  return migrations.slice(0, last).filter(({ revision }) => pending.includes(revision))
}

/** Reports the interrupted revisions that can simply be run again. */
async function refuseHalfApplied(
  pending: readonly Migration[],
  { target, report }: MigrateOptions,
  { session, inspection }: OpenedSession,
): Promise<void> {
  if (!pending.some(({ revision }) => inspection.ledger?.last.has(revision))) return
  const { migrations, connection, snapshot } = target
  const scope = { ...target.scope, comments: false, grants: false }
  const unfinished = await readUnfinishedRevisions(session.client, pending, { snapshot, inspection, scope })
  if (unfinished.some(isHalfApplied))
    throw halfAppliedError({
      pending: unfinished,
      build: migrations.map(({ revision }) => revision),
      database: describeAddress(addressOf(connection)),
      consequence: 'Nothing was run.',
    })
  for (const each of unfinished.filter(isInterrupted))
    if (each.lastEvent !== null)
      report({
        event: 'interrupted before',
        revision: each.revision,
        host: each.lastEvent.host,
        since: each.lastEvent.at,
        standing: mayHaveLeftObjects(each) ? each.completion : null,
      })
}
