import { causesOf } from '../../core/text/causes.js'
import { hasSqlState, sqlState } from '../../postgres/connection/sqlstate.js'
import { missingRoleOf } from '../../postgres/scratch/server-roles.js'
import type { Migration } from '../../project/migration-files.js'
import type { RehearsalDatabase, RehearsedRevision } from './rehearsal.js'
import { rehearseRevision } from './rehearse-revision.js'

/** What became of the revisions so far. */
export interface RehearsedDatabase {
  readonly revisions: RehearsedRevision[]
  failed: RehearsedRevision | null
}

/** Where revisions are rehearsed. */
interface PendingPlace {
  readonly project: { readonly disableTransactions: boolean }
  /** Called after each revision that makes a table. */
  readonly fillTables: () => Promise<void>
}

/**
 * Rehearses revisions one after the other, until one leaves something else than its `up` makes, or its first `up` fails.
 */
export async function rehearsePending(
  pending: readonly Migration[],
  place: PendingPlace,
  database: RehearsalDatabase,
  log: RehearsedDatabase,
): Promise<void> {
  for (const migration of pending) {
    const { rehearsed, isApplied, hasNewTable } = await rehearseRevision(migration, place, database)
    if (rehearsed.up.outcome === 'failed') {
      log.failed = rehearsed
      throwForOtherPreparation(rehearsed.up.error)
      return
    }
    log.revisions.push(rehearsed)
    if (!isApplied) return
    if (hasNewTable) await place.fillTables()
  }
}

/** The scratch database can be given a role, or lack a schema, that a migration needs so. */
function throwForOtherPreparation(error: Error): void {
  const isPrepared = (cause: unknown): boolean =>
    missingRoleOf(cause) !== null || hasSqlState(cause, sqlState.duplicateSchema)
  if (causesOf(error).some(isPrepared)) throw error
}
