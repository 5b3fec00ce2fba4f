import { decide } from '../../core/history/decision.js'
import { findRowWriters, type RowWriter } from '../../core/history/written-rows.js'
import { revisionsOf } from '../../core/model/snapshot.js'
import type { TaskControl } from '../../gate/assess.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { readDatabaseStatus } from '../../gate/read-status.js'
import { refusalError } from '../../gate/situations/refusal.js'
import { buildDatabase } from '../../postgres/build/build-database.js'
import { buildPlanOf } from '../../postgres/build/build-plan.js'
import { SchemaError } from '../../errors/schema-error.js'
import { askRows, warnThrough } from '../../postgres/rows/ask-rows.js'
import { loadRowPromises, type RowPromise } from '../../postgres/rows/row-promises.js'
import { type OpenAnswer, saidBy } from '../../postgres/rows/rows-error.js'
import type { KnexSession } from '../../postgres/session/sessions.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { loadUsableSnapshot, staleSnapshotError } from '../../snapshot/usable.js'
import type { Migration } from '../../project/migration-files.js'
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
  let statements = 0
  const revisions = revisionsOf(snapshot)
  const writers = findRowWriters(snapshot, revisions)
  const promises = await loadRowPromises(migrationsOf(workspace, writers))
  const plan = {
    ...buildPlanOf(snapshot, (planned) => {
      statements = planned
    }),
    beforeRecord: (session: KnexSession) => requireNoRows(promises, session, control),
  }
  const built = await buildDatabase(migrateOptionsFor(workspace, snapshot, control), plan)
  if (!built) return describeBuilt(workspace, control, started)
  const rowsVerified = promises.map(({ revision }) => revision)
  return {
    built,
    current: revisions.at(-1) ?? null,
    pending: [],
    revisions,
    rows: writers.filter(({ revision }) => !rowsVerified.includes(revision)),
    rowsVerified,
    statements,
    duration: performance.now() - started,
  }
}

function migrationsOf({ migrations }: Workspace, writers: readonly RowWriter[]): readonly Migration[] {
  const names = new Set(writers.map(({ revision }) => revision))
  return migrations.filter(({ revision }) => names.has(revision))
}

/** Throws SCHEMA_ROWS_UNTRUE where a revision promises rows that a database without any lacks. */
async function requireNoRows(
  promises: readonly RowPromise[],
  { client, knex, settings }: KnexSession,
  { report }: TaskControl,
): Promise<void> {
  const place = { client, knex, restore: settings.restore, warn: warnThrough(report) }
  for (const promise of promises) {
    const answer = await askRows(promise, place, 'savepoint')
    if (answer.status !== 'true') throw missingRowsError(answer)
  }
}

function missingRowsError(answer: OpenAnswer): SchemaError {
  const { revision } = answer
  return new SchemaError('SCHEMA_ROWS_UNTRUE', {
    what: `${revision} promises rows, and a database that is built from the snapshot has none. Its transaction was rolled back: nothing was built.`,
    facts: [
      ['revision', revision],
      ['verify', saidBy(answer)],
    ],
    choices: [['schemagate migrate', 'runs the migrations, which write them']],
  })
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
