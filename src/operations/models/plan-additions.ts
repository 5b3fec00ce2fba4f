import type { Catalog } from '../../core/model/catalog.js'
import { compareInScope, limitToScope } from '../../core/model/scope.js'
import { pickKeys } from '../../core/model/snapshot.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import { partsOf, type Statement } from '../../ddl/statement.js'
import { withClient } from '../../postgres/connection/connect.js'
import { readProjectCatalog } from '../../postgres/introspect/read-catalog.js'
import type { Workspace } from '../../workspace.js'
import { readSourcePair } from '../diff/catalog-source.js'
import { proveForProject } from '../proof/prove-for-project.js'

/** What is to be added to a database, and the whole catalog that it is for. */
export interface PlannedAdditions {
  readonly from: Catalog
  readonly plan: ProvenPlan
  /** What models have and cannot be added without changing or dropping something else. */
  readonly left: readonly string[]
}

/**
 * Plans what models have and the database lacks, and proves it in a scratch database. What would change or drop something
 * is left out. Throws the errors of reading both.
 */
export async function planAdditions(workspace: Workspace, source: string): Promise<PlannedAdditions> {
  const { migrationConnection: connection, project, config } = workspace
  const from = await withClient(connection, (client) => readProjectCatalog(client, project))
  const [database, models] = await readSourcePair('database', source, { ...workspace, connection })
  const { scope } = config.verify
  const shown = { comments: true, grants: scope.grants }
  const [actual, wanted] = [limitToScope(database.catalog, shown), limitToScope(models.catalog, shown)]
  const expected = { catalog: wanted, undetermined: models.undetermined, tolerated: new Set<string>() }
  const additions = compareInScope(expected, actual, scope).differences.filter(
    ({ change }) => change === 'missing',
  )
  const keys = additions.map(({ key }) => key)
  const to = { ...actual, ...pickKeys(wanted, keys) }
  const { plan } = await proveForProject(
    {
      from: actual,
      to,
      differences: additions,
      undetermined: models.undetermined,
      printedBy: models.major,
      scope: shown,
      target: database.major,
      plan: (refusals) =>
        planChanges(actual, to, {
          differences: additions,
          refusals,
          serverMajor: database.major,
          online: false,
        }),
    },
    workspace,
    'any',
  )
  return withoutOtherChanges({ from, plan, left: plan.refused.map(({ key }) => key) })
}

/** An addition that the planner makes room for by a drop is left out, and all others with it. */
function withoutOtherChanges(planned: PlannedAdditions): PlannedAdditions {
  const { statements } = planned.plan
  const others = statements.filter((statement) => !isAddition(statement))
  if (others.length === 0) return planned
  const left = new Set([...planned.left, ...statements.map(({ key }) => key)])
  return { ...planned, plan: { ...planned.plan, statements: [] }, left: [...left] }
}

const otherHazards: ReadonlySet<string> = new Set([
  'data loss',
  'index dropped',
  'kept results',
  'replica identity',
])

function isAddition(statement: Statement): boolean {
  return partsOf(statement).every(({ hazards }) => !hazards.some(({ hazard }) => otherHazards.has(hazard)))
}
