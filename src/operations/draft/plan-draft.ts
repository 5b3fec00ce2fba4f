import type { Catalog } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { compareInScope, type IgnoredDifferences, type Scope, limitToScope } from '../../core/model/scope.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { Plan, PlanRefusal } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { Inspection } from '../../postgres/inspect/inspect.js'
import type { Workspace } from '../../workspace.js'
import { readSource, type SourceCatalog } from '../diff/catalog-source.js'
import { type DraftBase, loadDraftBase } from './draft-base.js'
import { inspectAtHead } from './inspect-at-head.js'

/** A migration to be: from the promise at head to another catalog, and back. */
export interface Draft {
  /** What it leads to, in words. */
  readonly source: string
  readonly from: Catalog
  readonly to: Catalog
  /** Empty where there is nothing to migrate. */
  readonly differences: readonly Difference[]
  readonly ignored: readonly IgnoredDifferences[]
  readonly up: Plan
  readonly down: Plan
  /** The database it is drafted from, null where it is not. */
  readonly inspection: Inspection | null
}

export interface DraftOptions {
  /** `database`, `models:FILE` or `sql:FILE`. */
  readonly source: string
  /** Whether indexes may be made while others write, which leaves the migration without a transaction. */
  readonly online: boolean
}

/** What a migration can be drafted from, for help and errors. */
const draftSources: readonly (readonly [form: string, meaning: string])[] = [
  ['--from database', 'what was changed in the configured database by hand'],
  ['--from models:FILE', "what a module's default export builds with Knex's schema builder"],
  ['--from sql:FILE', 'what a file of SQL builds'],
]

/**
 * Plans a migration from the promise at head to a source. Throws SCHEMA_USAGE for a source that is none,
 * SCHEMA_SNAPSHOT_STALE, what reading a side throws, and the error of a database that is not at head.
 */
export async function planDraft(workspace: Workspace, { source, online }: DraftOptions): Promise<Draft> {
  if (!/^(?:database$|models:|sql:)/.test(source))
    throw new SchemaError('SCHEMA_USAGE', {
      what: `Nothing can be drafted from "${source}". Nothing was written.`,
      choices: draftSources,
    })
  const inspection = source === 'database' ? await inspectAtHead(workspace) : null
  const base = await loadDraftBase(workspace)
  const side = await readSource(
    source,
    workspace,
    base.major === null ? null : { ...base, major: base.major },
  )
  return { ...planBetween(base, side, { scope: workspace.config.verify.scope, online }), inspection }
}

interface DraftComparison {
  readonly scope: Scope
  readonly online: boolean
}

/** Comments are always drafted with what they are about; owners and grants, which name roles, only where they are compared. */
function planBetween(
  base: DraftBase,
  side: SourceCatalog,
  { scope, online }: DraftComparison,
): Omit<Draft, 'inspection'> {
  const [from, to] = [base.catalog, side.catalog].map((catalog) =>
    limitToScope(catalog, { comments: true, grants: scope.grants }),
  )
  if (from === undefined || to === undefined) throw new TypeError('two catalogs are compared')
  const there = compareInScope({ ...base, catalog: to }, from, { scope })
  const back = compareInScope({ ...base, catalog: from }, to, { scope })
  const up = planChanges({ from, to, differences: there.differences, online })
  const isSeparate = up.statements.some(({ transactional }) => !transactional)
  const down = planChanges({ from: to, to: from, differences: back.differences, online: isSeparate })
  const refused = [...down.refused, ...undeterminedRefusals(base, to)]
  return {
    source: side.name,
    from,
    to,
    differences: there.differences,
    ignored: there.ignored,
    up,
    down: { ...down, refused },
  }
}

/** What the way back would have to make with facts that the snapshot does not have. */
function undeterminedRefusals({ undetermined, catalog }: DraftBase, to: Catalog): readonly PlanRefusal[] {
  return Object.entries(undetermined)
    .filter(([key]) => catalog[key] !== undefined && to[key] === undefined)
    .map(([key, facts]) => ({
      key,
      reason: `${facts.join(', ')}: differs each time the migrations run, so the snapshot does not have it`,
      decide: 'what it was',
    }))
}
