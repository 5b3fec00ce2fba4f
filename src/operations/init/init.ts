import { decide } from '../../core/history/decision.js'
import { type Catalog, objectKey, oncePerCatalog } from '../../core/model/catalog.js'
import { isSetting } from '../../core/model/scope.js'
import { fullCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import { findRowWriters, type RowWriter } from '../../core/history/written-rows.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { Plan } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { TaskControl } from '../../gate/assess.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { readDatabaseStatus } from '../../gate/read-status.js'
import { refusalError } from '../../gate/situations/refusal.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { loadUsableSnapshot, staleSnapshotError } from '../../snapshot/usable.js'
import type { Workspace } from '../../workspace.js'
import { snapshotForDatabase } from '../../postgres/introspect/extension-members.js'
import { buildDatabase } from './build.js'

export interface InitResult {
  /** False where revisions were recorded before: the database is as promised, and nothing was done. */
  readonly built: boolean
  /** The newest revision of the database. */
  readonly current: string | null
  /** Revisions of this build that a database built before does not have. */
  readonly pending: readonly string[]
  /** Revisions recorded by this call. */
  readonly revisions: readonly string[]
  /** Those of them that write rows: the rows are missing. */
  readonly rows: readonly RowWriter[]
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
  const built = await buildDatabase(migrateOptionsFor(workspace, snapshot, control), {
    isInitial: (key, live) =>
      snapshot.base[key] !== undefined || isSetting(key) || isProvided(key, live, snapshot),
    statementsFor: async (live, client) => {
      const plan = planBuild(live, await snapshotForDatabase(client, snapshot, live))
      statements = plan.statements.length
      return plan.statements.map(({ sql }) => sql)
    },
  })
  if (!built) return describeBuilt(workspace, control, started)
  const revisions = snapshot.revisions.map(({ revision }) => revision)
  return {
    built,
    current: revisions.at(-1) ?? null,
    pending: [],
    revisions,
    rows: findRowWriters(snapshot, revisions),
    statements,
    duration: performance.now() - started,
  }
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
  const nothing = { revisions: [], rows: [], statements: 0 }
  return { built: false, current, pending, ...nothing, duration: performance.now() - started }
}

/** Whether a service, a provider or an operator may have put an object there: an extension with its schema, a promised schema. */
function isProvided(key: string, live: Catalog, { revisions }: Snapshot): boolean {
  if (key.startsWith('extension:')) return true
  if (key.startsWith('schema:') && revisions.some(({ changes }) => changes[key] != null)) return true
  return extensionSchemas(live).has(key)
}

/** The keys of the schemas that extensions are in. */
const extensionSchemas = oncePerCatalog((live): ReadonlySet<string> => {
  const extensions = Object.entries(live).filter(([key]) => key.startsWith('extension:'))
  return new Set(extensions.map(([, { schema }]) => objectKey('schema', [String(schema)])))
})

/** What every new database has stays as it is, unless a revision changed it. */
function planBuild(live: Catalog, snapshot: Snapshot): Plan {
  const revisions = snapshot.revisions.map(({ revision }) => revision)
  const to = fullCatalogAt(snapshot, revisions)
  const unchanged = Object.entries(live).filter(([key]) => to[key] === snapshot.base[key])
  const plan = planChanges(live, { ...to, ...Object.fromEntries(unchanged) }, { compact: true })
  if (plan.refused.length === 0) return plan
  throw new SchemaError('SCHEMA_INIT_REFUSED', {
    what: 'The snapshot does not say all that is needed to build the database. Nothing was done.',
    facts: plan.refused.map(({ key, reason }) => [key, reason]),
    choices: [['schemagate migrate', 'runs the migrations one by one']],
  })
}
