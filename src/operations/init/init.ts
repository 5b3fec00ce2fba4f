import { type Catalog, objectKey } from '../../core/model/catalog.js'
import { isSetting } from '../../core/model/scope.js'
import { fullCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { Plan } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { TaskControl } from '../../gate/assess.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { loadUsableSnapshot, staleSnapshotError } from '../../snapshot/usable.js'
import type { Workspace } from '../../workspace.js'
import { snapshotForDatabase } from '../../postgres/introspect/extension-members.js'
import { buildDatabase } from './build.js'

export interface InitResult {
  /** Revisions recorded. */
  readonly revisions: readonly string[]
  /** Those of them that change no object: if they write rows, the rows are missing. */
  readonly withoutChanges: readonly string[]
  readonly statements: number
  /** Milliseconds. */
  readonly duration: number
}

/**
 * Builds an empty database at head straight from the snapshot, in one transaction that is verified before its commit, and
 * records every revision. Throws SCHEMA_SNAPSHOT_STALE, SCHEMA_INIT_REFUSED, SCHEMA_NOT_EMPTY, SCHEMA_PROMISE_BROKEN.
 */
export async function initFromSnapshot(workspace: Workspace, control: TaskControl): Promise<InitResult> {
  const started = performance.now()
  const { snapshot, stale } = await loadUsableSnapshot(workspace)
  if (snapshot === null || stale.length > 0) throw staleSnapshotError(workspace, stale)
  let statements = 0
  await buildDatabase(migrateOptionsFor(workspace, snapshot, control), {
    isInitial: (key, live) =>
      snapshot.base[key] !== undefined || isSetting(key) || isProvided(key, live, snapshot),
    statementsFor: async (live, client) => {
      const plan = planBuild(live, await snapshotForDatabase(client, snapshot, live))
      statements = plan.statements.length
      return plan.statements.map(({ sql }) => sql)
    },
  })
  return {
    revisions: snapshot.revisions.map(({ revision }) => revision),
    withoutChanges: snapshot.revisions
      .filter(({ changes }) => Object.keys(changes).length === 0)
      .map(({ revision }) => revision),
    statements,
    duration: performance.now() - started,
  }
}

/** Whether an object is promised, and a schema or an extension: the service or a provider may have put it there. */
function isProvided(key: string, live: Catalog, { revisions }: Snapshot): boolean {
  const isPromised = (each: string): boolean => revisions.some(({ changes }) => changes[each] != null)
  if (/^(?:extension|schema):/.test(key) && isPromised(key)) return true
  return Object.entries(live).some(
    ([each, { schema }]) =>
      each.startsWith('extension:') && isPromised(each) && key === objectKey('schema', [String(schema)]),
  )
}

/** What every new database has stays as it is, unless a revision changed it. */
function planBuild(live: Catalog, snapshot: Snapshot): Plan {
  const revisions = snapshot.revisions.map(({ revision }) => revision)
  const to = fullCatalogAt(snapshot, revisions)
  const unchanged = Object.entries(live).filter(([key]) => to[key] === snapshot.base[key])
  const plan = planChanges(live, { ...to, ...Object.fromEntries(unchanged) })
  if (plan.refused.length === 0) return plan
  throw new SchemaError('SCHEMA_INIT_REFUSED', {
    what: 'The snapshot does not say all that is needed to build the database. Nothing was done.',
    facts: plan.refused.map(({ key, reason }) => [key, reason]),
    choices: [['schemagate migrate', 'runs the migrations one by one']],
  })
}
