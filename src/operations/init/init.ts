import { decide } from '../../core/history/decision.js'
import type { RowWriter } from '../../core/history/written-rows.js'
import type { TaskControl } from '../../gate/assess.js'
import { buildAtHead } from '../../gate/build-from-snapshot.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { readDatabaseStatus } from '../../gate/read-status.js'
import { refusalError } from '../../gate/situations/refusal.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { loadUsableSnapshot, staleSnapshotError } from '../../snapshot/usable.js'
import type { Workspace } from '../../workspace.js'

export interface InitResult {
  /** False where revisions were recorded before: the database is as promised, and nothing was done. */
  readonly built: boolean
  /** The newest revision of the database. */
  readonly current: string | null
  /** Revisions of this build that a database built before does not have. */
  readonly pending: readonly string[]
  /** Revisions recorded by this call. */
  readonly revisions: readonly string[]
  /** Those of them that write rows, which are missing. */
  readonly rows: readonly RowWriter[]
  /** Those whose `verify` says that no row is missing. */
  readonly rowsVerified: readonly string[]
  readonly statements: number
  /** Milliseconds. */
  readonly duration: number
}

/**
 * Builds an empty database at head straight from the snapshot, in one transaction that is verified before its commit, and
 * records every revision. Does nothing to a database that has revisions and is what they promise. Throws
 * SCHEMA_SNAPSHOT_STALE, SCHEMA_INIT_REFUSED, SCHEMA_NOT_EMPTY, SCHEMA_PROMISE_BROKEN, and for a database that was built
 * before what `migrate` throws.
 */
export async function initFromSnapshot(workspace: Workspace, control: TaskControl): Promise<InitResult> {
  const started = performance.now()
  const { snapshot, stale } = await loadUsableSnapshot(workspace)
  if (snapshot === null || stale.length > 0) throw staleSnapshotError(workspace, stale)
  const options = migrateOptionsFor(workspace, snapshot, control)
  const built = await buildAtHead(workspace, snapshot, options)
  if (built === null) return describeBuilt(workspace, control, started)
  const current = built.revisions.at(-1) ?? null
  return { built: true, current, pending: [], ...built, duration: performance.now() - started }
}

/** Throws where the database is not what its revisions promise, whatever the policy says to that. */
async function describeBuilt(
  workspace: Workspace,
  control: TaskControl,
  started: number,
): Promise<InitResult> {
  const { config } = workspace
  const { assessment, inspection } = await readDatabaseStatus(workspace, control)
  const decision = decide(assessment, { ...config.policy, onBehind: 'warn', onDrift: 'refuse' })
  const location = { database: describeAddress(inspection.database), environment: config.target }
  if (decision.action === 'refuse')
    throw refusalError(decision, assessment, { location, consequence: 'Nothing was done.' })
  const { current, pending } = assessment.history
  const nothing = { revisions: [], rows: [], rowsVerified: [], statements: 0 }
  return { built: false, current, pending, ...nothing, duration: performance.now() - started }
}
