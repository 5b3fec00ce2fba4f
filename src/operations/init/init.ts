import type { Catalog } from '../../core/model/catalog.js'
import { compareInScope } from '../../core/model/scope.js'
import {
  type PromisedCatalog,
  promisedCatalogAt,
  type Snapshot,
  fullCatalogAt,
} from '../../core/model/snapshot.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { Plan } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { migrateOptionsFor } from '../../gate/gate.js'
import type { CanonicalizedCatalog } from '../../postgres/canonicalize/canonicalize.js'
import { verificationError } from '../../postgres/verify/verification-error.js'
import { staleSnapshotError, loadUsableSnapshot } from '../../snapshot/snapshot.js'
import type { Workspace } from '../../workspace.js'
import { buildDatabase } from './build.js'

export interface InitResult {
  /** Revisions recorded. */
  readonly revisions: readonly string[]
  /** Those whose promise changes no object: if they write rows, the rows are not there. */
  readonly withoutChanges: readonly string[]
  readonly statements: number
  /** Milliseconds. */
  readonly duration: number
}

/**
 * Builds an empty database at head straight from the snapshot, in one transaction that is verified before its commit, and
 * records every revision. Throws SCHEMA_SNAPSHOT_STALE, SCHEMA_INIT_REFUSED, SCHEMA_NOT_EMPTY, SCHEMA_PROMISE_BROKEN.
 */
export async function initFromSnapshot(workspace: Workspace, report: ProgressReporter): Promise<InitResult> {
  const started = performance.now()
  const { snapshot, stale } = await loadUsableSnapshot(workspace)
  if (snapshot === null || stale.length > 0) throw staleSnapshotError(workspace, stale)
  const revisions = snapshot.revisions.map(({ revision }) => revision)
  const promised = promisedCatalogAt(snapshot, revisions)
  const to = fullCatalogAt(snapshot, revisions)
  let statements = 0
  await buildDatabase(
    { ...migrateOptionsFor(workspace, snapshot), report },
    {
      isInitial: (key) => snapshot.base[key] !== undefined,
      statementsFor: (live) => {
        const plan = planBuild({ live, to, snapshot })
        statements = plan.statements.length
        return plan.statements.map(({ sql }) => sql)
      },
      check: (result) => verifyBuilt(promised, result, workspace),
    },
  )
  return {
    revisions,
    withoutChanges: snapshot.revisions
      .filter(({ changes }) => Object.keys(changes).length === 0)
      .map(({ revision }) => revision),
    statements,
    duration: performance.now() - started,
  }
}

interface Target {
  readonly live: Catalog
  readonly to: Catalog
  readonly snapshot: Snapshot
}

/** What a new database has of its own is left as it is, unless a revision changed it. */
function planBuild({ live, to, snapshot }: Target): Plan {
  const own = Object.entries(live).filter(([key]) => to[key] === snapshot.base[key])
  const plan = planChanges(live, { ...to, ...Object.fromEntries(own) })
  const [refusal] = plan.refused
  if (refusal === undefined) return plan
  throw new SchemaError('SCHEMA_INIT_REFUSED', {
    what: 'The snapshot does not say all that is needed to build the database. Nothing was done.',
    facts: plan.refused.map(({ key, reason }) => [key, reason]),
    choices: [['schemagate migrate', 'runs the migrations one by one']],
  })
}

function verifyBuilt(
  promised: PromisedCatalog,
  { live, canonicalizeFailures }: CanonicalizedCatalog,
  { config }: Workspace,
): void {
  const { differences } = compareInScope(promised, live, config.verify.scope)
  const revision = 'the database built from the snapshot'
  if (differences.length > 0)
    throw verificationError({ revision, differences, canonicalizeFailures, transactional: true })
}
