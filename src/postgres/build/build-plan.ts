import { type Catalog, objectKey, oncePerCatalog } from '../../core/model/catalog.js'
import { isSetting } from '../../core/model/scope.js'
import { fullCatalogAt, revisionsOf, type Snapshot } from '../../core/model/snapshot.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { Plan } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { snapshotForDatabase } from '../introspect/extension-members.js'
import type { BuildPlan } from './build-database.js'

/** The plan for all that a snapshot promises. `onPlanned` gets the number of its statements. */
export function buildPlanOf(snapshot: Snapshot, onPlanned: (statements: number) => void): BuildPlan {
  return {
    isInitial: (key, live) =>
      snapshot.base[key] !== undefined || isSetting(key) || isProvided(key, live, snapshot),
    statementsFor: async (live, client) => {
      const { statements } = planBuild(live, await snapshotForDatabase(client, snapshot, live))
      onPlanned(statements.length)
      return statements.map(({ sql }) => sql)
    },
  }
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
  const to = fullCatalogAt(snapshot, revisionsOf(snapshot))
  const unchanged = Object.entries(live).filter(([key]) => to[key] === snapshot.base[key])
  const plan = planChanges(live, { ...to, ...Object.fromEntries(unchanged) }, { compact: true })
  if (plan.refused.length === 0) return plan
  throw new SchemaError('SCHEMA_INIT_REFUSED', {
    what: 'The snapshot does not say all that is needed to build the database. Nothing was done.',
    facts: plan.refused.map(({ key, reason }) => [key, reason]),
    choices: [['schemagate migrate', 'runs the migrations one by one']],
  })
}
