import type { Catalog } from '../../core/model/catalog.js'
import { isUnreadFact } from '../../core/model/snapshot-formats.js'
import { relocateBack } from '../../core/model/extension-moves.js'
import type { Difference } from '../../core/model/diff.js'
import {
  withoutOtherSettings,
  compareInScope,
  type IgnoredDifferences,
  limitToScope,
} from '../../core/model/scope.js'
import { planChanges, planMigration } from '../../ddl/plan/plan.js'
import { runsOutsideTransaction } from '../../ddl/plan/transactions.js'
import type { DraftFunction } from '../../ddl/draft/draft-migration.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import type { Plan, PlanRefusal } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { Inspection } from '../../postgres/inspect/inspection.js'
import type { Workspace } from '../../workspace.js'
import { readSource, type SourceCatalog } from '../diff/catalog-source.js'
import { type DraftBase, loadDraftBase } from './draft-base.js'
import { inspectAtHead } from './inspect-at-head.js'
import { type DraftDirection, type DraftTools, proveFunction, type ProvenFunction } from './prove-draft.js'

/** The content of a new migration: the way from the promise at head to a different catalog, and back. */
export interface Draft {
  /** What it leads to, as text. */
  readonly source: string
  readonly from: Catalog
  readonly to: Catalog
  /** Empty where there is nothing to migrate. */
  readonly differences: readonly Difference[]
  readonly ignored: readonly IgnoredDifferences[]
  readonly up: ProvenPlan
  readonly down: ProvenPlan
  /** The functions that are written as SQL only, because Knex's builder does not do the same. */
  readonly asSql: ReadonlySet<DraftFunction>
  /** The database that it is drafted from, null for other sources. */
  readonly inspection: Inspection | null
}

/** The sources of a draft, for errors. */
const draftSources: readonly (readonly [form: string, meaning: string])[] = [
  ['--from database', 'what was changed in the configured database by hand'],
  ['--from models:FILE', "what a module's default export builds with Knex's schema builder"],
  ['--from sql:FILE', 'what a file of SQL builds'],
]

export interface DraftOptions extends Omit<DraftTools, 'project'> {
  /** Whether indexes are built while other sessions write, which leaves the migration without a transaction. */
  readonly online: boolean
}

/**
 * Plans a migration from the promise at head to a source: `database`, `models:FILE` or `sql:FILE`. Throws SCHEMA_USAGE
 * for anything else, SCHEMA_SNAPSHOT_STALE, the errors of reading a source, and the error of a database that is not at
 * head. Knex has run both functions in scratch databases, if there are any.
 */
export async function planDraft(workspace: Workspace, source: string, options: DraftOptions): Promise<Draft> {
  if (!/^(?:database$|models:|sql:)/.test(source))
    throw new SchemaError('SCHEMA_USAGE', {
      what: `A migration cannot be drafted from "${source}". Nothing was written.`,
      choices: draftSources,
    })
  const inspection = source === 'database' ? await inspectAtHead(workspace) : null
  const base = await loadDraftBase(workspace)
  const reference = base.major === null ? null : { ...base, major: base.major }
  const found = await readSource(source, workspace, reference)
  // A migration is replayed on scratch, where the extensions are as promised.
  const relocated = relocateBack(found.catalog, found.moves, base.catalog)
  const target = { ...found, catalog: withoutOtherSettings(relocated, base.catalog) }
  return { ...(await planBetween(base, target, workspace, options)), inspection }
}

/**
 * Comments are always drafted. Owners and grants name roles, so they are drafted only where the scope compares them.
 */
async function planBetween(
  base: DraftBase,
  target: SourceCatalog,
  workspace: Workspace,
  { online, ...place }: DraftOptions,
): Promise<Omit<Draft, 'inspection'>> {
  const { scope } = workspace.config.verify
  const draftScope = { comments: true, grants: scope.grants }
  const [from, to] = [limitToScope(base.catalog, draftScope), limitToScope(target.catalog, draftScope)]
  const { differences, ignored } = compareInScope({ ...base, catalog: to }, from, scope)
  const back = compareInScope({ ...base, catalog: from }, to, scope)
  const serverMajor = base.major ?? target.major
  const shared = { undetermined: base.undetermined, scope: draftScope, target: null }
  const proven = await proveBoth(
    { ...shared, from, to, differences, printedBy: target.major },
    { ...shared, from: to, to: from, differences: back.differences, printedBy: base.major },
    { online, serverMajor },
    (direction) => proveFunction(direction, { ...place, project: workspace.project }, workspace),
  )
  const refused = [...proven.down.refused, ...undeterminedRefusals(base, to)]
  const down = { ...proven.down, refused }
  return { source: target.name, from, to, differences, ignored, ...proven, down }
}

type Way = Omit<DraftDirection['request'], 'plan'>

/** Whether `down` builds indexes while others write depends on `up`: the migration has one transaction, or none. */
async function proveBoth(
  way: Way,
  wayBack: Way,
  options: { readonly online: boolean; readonly serverMajor: number | null },
  prove: (direction: DraftDirection) => Promise<ProvenFunction>,
): Promise<Pick<Draft, 'up' | 'down' | 'asSql'>> {
  const { from, to } = way
  const { online, serverMajor } = options
  const planUp = (refusals: readonly PlanRefusal[]): Plan =>
    planMigration(from, to, { differences: way.differences, online, refusals, serverMajor })
  const planDown = (isOnline: boolean, refusals: readonly PlanRefusal[] = []): Plan =>
    planChanges(to, from, { differences: wayBack.differences, online: isOnline, refusals, serverMajor })
  const up = await prove({
    name: 'up',
    request: {
      ...way,
      plan: planUp,
    },
    code: (plan) => ({ from, to, up: plan, down: planDown(runsOutsideTransaction(plan.statements)) }),
  })
  const down = await prove({
    name: 'down',
    request: {
      ...wayBack,
      plan: (refusals) => planDown(runsOutsideTransaction(up.plan.statements), refusals),
    },
    code: (plan) => ({ from, to, up: up.plan, down: plan }),
  })
  const names = ['up', 'down'] as const
  const asSql = new Set(names.filter((name) => (name === 'up' ? up : down).asSql))
  return { up: up.plan, down: down.plan, asSql }
}

/** Objects that `down` would have to create with facts that the snapshot does not contain. */
function undeterminedRefusals({ undetermined, catalog }: DraftBase, to: Catalog): readonly PlanRefusal[] {
  return Object.entries(undetermined)
    .filter(([key]) => catalog[key] !== undefined && to[key] === undefined)
    .map(([key, facts]) => [key, facts.filter((fact) => !isUnreadFact(key, fact))] as const)
    .filter(([, facts]) => facts.length > 0)
    .map(([key, facts]) => ({
      key,
      reason: `the snapshot does not contain ${facts.join(', ')}, which differs each time the migrations run`,
      decide: 'the former value',
    }))
}
