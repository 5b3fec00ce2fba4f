import { hazardNames } from '../../ddl/hazards/allowed-hazards.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { TaskControl } from '../../gate/assess.js'
import { readDatabaseStatus } from '../../gate/read-status.js'
import { refuseOtherHistory } from '../../gate/refuse-position.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { countUpTo } from '../../project/revision-range.js'
import { findSnapshot } from '../../snapshot/find.js'
import type { ProjectWorkspace, Workspace } from '../../workspace.js'
import { parseAllowed } from '../proof/parse-allowed.js'
import type { PendingPlan } from './pending-plan.js'
import { planDocument, type PlanPlace } from './plan-document.js'
import { planPending, type PlanRequest } from './plan-pending.js'
import { ruleNames } from './rules.js'

/** The hazards and rules that are allowed, and the rules that are refused, as lists: `lock,table-rewrite`. */
export interface PlanChoice {
  /** Null for PLAN_ALLOW. */
  readonly allow: string | null
  readonly refuse: string | null
}

/** What is pending, planned. */
export interface PlannedRange {
  /** Null where nothing is pending. */
  readonly plan: PendingPlan | null
  readonly place: PlanPlace
  readonly pending: readonly string[]
  readonly document: PlanDocument
}

/** What `plan --json` prints. */
export type PlanDocument =
  | ReturnType<typeof planDocument>
  | (PlanPlace & { readonly pending: readonly []; readonly revisions: readonly [] })

/** Plans what is pending in the configured database. Throws what `readDatabaseStatus` and `planPending` throw. */
export async function planDatabase(
  workspace: Workspace,
  choice: PlanChoice,
  control: TaskControl,
): Promise<PlannedRange> {
  const status = await readDatabaseStatus(workspace, control)
  const { history } = status.assessment
  refuseOtherHistory(status, workspace.config.target, 'Nothing was planned.')
  const { applied, pending, current, position } = history
  const address = describeAddress(status.inspection.database)
  const place = { where: `${address} at ${current ?? 'no revision'} (${position})`, current }
  const range = { applied, pending, target: workspace.connection, place }
  return planRange(workspace, range, choice, control)
}

/** Plans without a database: the revisions after `from`, else those that the snapshot does not have. Throws SCHEMA_USAGE. */
export async function planOffline(
  workspace: ProjectWorkspace,
  from: string | null,
  choice: PlanChoice,
  control: TaskControl,
): Promise<PlannedRange> {
  const { applied, pending } = await offlineRange(workspace, from)
  const current = applied.at(-1) ?? null
  const place = { where: `as at ${current ?? 'no revision'}, without a database`, current }
  return planRange(workspace, { applied, pending, target: null, place }, choice, control)
}

type Range = Pick<PlanRequest, 'applied' | 'pending' | 'target'> & { readonly place: PlanPlace }

async function planRange(
  workspace: ProjectWorkspace,
  { place, ...range }: Range,
  { allow, refuse }: PlanChoice,
  control: TaskControl,
): Promise<PlannedRange> {
  const allowed = parseAllowed(allow ?? workspace.config.planAllow, [...hazardNames, ...ruleNames])
  const refused = parseAllowed(refuse ?? '', ruleNames, '--refuse')
  const { pending } = range
  if (pending.length === 0)
    return { plan: null, place, pending, document: { ...place, pending: [], revisions: [] } }
  const plan = await planPending(workspace, { ...range, allowed, refused }, control)
  return { plan, place, pending, document: planDocument(plan, place, pending) }
}

async function offlineRange(
  workspace: ProjectWorkspace,
  from: string | null,
): Promise<Pick<PlanRequest, 'applied' | 'pending'>> {
  const build = workspace.migrations.map(({ revision }) => revision)
  const named = countUpTo(from, build, 'Nothing was planned.')
  const found = named === null ? await findSnapshot(workspace) : null
  const known = new Set(found?.parse().revisions.map(({ revision }) => revision))
  const count = named ?? build.findLastIndex((revision) => known.has(revision)) + 1
  const [applied, pending] = [build.slice(0, count), build.slice(count)]
  if (named === null && pending.length === 0)
    throw new SchemaError('SCHEMA_USAGE', {
      what: 'The snapshot has all revisions, so that without a database none is pending. Nothing was planned.',
      choices: [[`--from ${build.at(-2) ?? 'REVISION'}`, 'plans the revisions after it']],
    })
  return { applied, pending }
}
