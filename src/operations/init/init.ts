import type { Catalog } from '../../core/model/catalog.js'
import { compareWithin } from '../../core/model/scope.js'
import { type Promised, promisedAt, type Snapshot, wholeCatalog } from '../../core/model/snapshot.js'
import type { Report } from '../../core/progress/events.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { Plan } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { migrateOptions } from '../../gate/gate.js'
import type { Reconciled } from '../../postgres/canonicalize/canonicalize.js'
import { brokenPromise } from '../../postgres/verify/verification-error.js'
import { staleError, usableSnapshot } from '../../snapshot/snapshot.js'
import type { Workspace } from '../../workspace.js'
import { initialise } from './build.js'

export interface Initialised {
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
export async function initialiseFromSnapshot(workspace: Workspace, report: Report): Promise<Initialised> {
  const started = performance.now()
  const { snapshot, stale } = await usableSnapshot(workspace)
  if (snapshot === null || stale.length > 0) throw staleError(workspace, stale)
  const revisions = snapshot.revisions.map(({ revision }) => revision)
  const promised = promisedAt(snapshot, revisions)
  const to = wholeCatalog(snapshot, revisions)
  let statements = 0
  await initialise(
    { ...migrateOptions(workspace, snapshot), report },
    {
      isInitial: (key) => snapshot.base[key] !== undefined,
      statementsFor: (live) => {
        const plan = planFor({ live, to, snapshot })
        statements = plan.statements.length
        return plan.statements.map(({ sql }) => sql)
      },
      check: (result) => verify(promised, result, workspace),
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
function planFor({ live, to, snapshot }: Target): Plan {
  const own = Object.entries(live).filter(([key]) => to[key] === snapshot.base[key])
  const plan = planChanges({ from: live, to: { ...to, ...Object.fromEntries(own) } })
  const [refusal] = plan.refused
  if (refusal === undefined) return plan
  throw new SchemaError('SCHEMA_INIT_REFUSED', {
    what: 'The snapshot does not say all that is needed to build the database. Nothing was done.',
    facts: plan.refused.map(({ key, reason }) => [key, reason]),
    choices: [['schemagate migrate', 'runs the migrations one by one']],
  })
}

function verify(promised: Promised, { live, unrendered }: Reconciled, { config }: Workspace): void {
  const { kept } = compareWithin(promised, live, { scope: config.verify.scope })
  const revision = 'the database built from the snapshot'
  if (kept.length > 0) throw brokenPromise({ revision, differences: kept, unrendered, transactional: true })
}
