import { formatCount } from '../../../core/text/format.js'
import { hazardNames } from '../../../ddl/hazards/allowed-hazards.js'
import { SchemaError } from '../../../errors/schema-error.js'
import { readDatabaseStatus } from '../../../gate/read-status.js'
import { refuseOtherHistory } from '../../../gate/refuse-position.js'
import { planExit } from '../../../operations/plan/pending-plan.js'
import { planPending, type PlanRequest } from '../../../operations/plan/plan-pending.js'
import { ruleNames } from '../../../operations/plan/rules.js'
import { describeAddress } from '../../../postgres/connection/address.js'
import { pathInPackage } from '../../../project/failing-lines.js'
import { findSnapshot } from '../../../snapshot/find.js'
import { type ProjectWorkspace, withProjectWorkspace, withWorkspace } from '../../../workspace.js'
import { parseAllowed } from '../apply.js'
import {
  type CommandContext,
  type CommandHandler,
  type CommandResult,
  countUpToFrom,
  formatOption,
  textOption,
} from '../command.js'
import type { FileOfRevision } from './findings.js'
import { planDocument, type PlanPlace } from './plan-document.js'
import { planFormats, renderPlan } from './plan-formats.js'

/** `schemagate plan`: what the pending revisions would do. It changes no database but a scratch one. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  if (context.options['offline'] === true || textOption(context, 'from') !== null)
    return withProjectWorkspace(context, async (workspace) => {
      const { applied, pending, head } = await offlineRange(context, workspace)
      const place = { where: `as at ${head ?? 'no revision'}, without a database`, current: head }
      return plan(context, workspace, { applied, pending, target: null }, place)
    })
  return withWorkspace(context, async (workspace) => {
    const status = await readDatabaseStatus(workspace, context)
    const { history } = status.assessment
    refuseOtherHistory(status, context.config.target, 'Nothing was planned.')
    const address = describeAddress(status.inspection.database)
    const place = {
      where: `${address} at ${history.current ?? 'no revision'} (${history.position})`,
      current: history.current,
    }
    const { applied, pending } = history
    return plan(context, workspace, { applied, pending, target: workspace.connection }, place)
  })
}

async function plan(
  context: CommandContext,
  workspace: ProjectWorkspace,
  range: Omit<PlanRequest, 'allowed' | 'refused'>,
  place: PlanPlace,
): Promise<CommandResult> {
  const allowed = parseAllowed(textOption(context, 'allow') ?? context.config.planAllow, [
    ...hazardNames,
    ...ruleNames,
  ])
  const refused = parseAllowed(textOption(context, 'refuse') ?? '', ruleNames, '--refuse')
  const format = context.options['sql'] === true ? 'sql' : formatOption(context, planFormats)
  const planned =
    range.pending.length === 0 ? null : await planPending(workspace, { ...range, allowed, refused }, context)
  const count = planned === null ? '' : `: ${formatCount(range.pending.length, 'pending revision')}`
  const document =
    planned === null ? { ...place, pending: [], revisions: [] } : planDocument(planned, place, range.pending)
  const report = { plan: planned, head: `${place.where}${count}`, document, fileOf: filesOf(workspace) }
  return { exit: planned === null ? 0 : planExit(planned), text: renderPlan(report, format), document }
}

function filesOf({ migrations }: ProjectWorkspace): FileOfRevision {
  return (name) => {
    const path = migrations.find(({ revision }) => revision === name)?.path ?? null
    return path === null ? null : pathInPackage(path)
  }
}

/** The revisions after the one that is named, else those that the snapshot does not have. */
async function offlineRange(
  context: CommandContext,
  workspace: ProjectWorkspace,
): Promise<{
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  readonly head: string | null
}> {
  const build = workspace.migrations.map(({ revision }) => revision)
  const from = countUpToFrom(context, build, 'Nothing was planned.')
  const found = from === null ? await findSnapshot(workspace) : null
  const known = new Set(found?.parse().revisions.map(({ revision }) => revision))
  const count = from ?? build.findLastIndex((revision) => known.has(revision)) + 1
  const [applied, pending] = [build.slice(0, count), build.slice(count)]
  if (from === null && pending.length === 0)
    throw new SchemaError('SCHEMA_USAGE', {
      what: 'The snapshot has all revisions, so that without a database none is pending. Nothing was planned.',
      choices: [[`--from ${build.at(-2) ?? 'REVISION'}`, 'plans the revisions after it']],
    })
  return { applied, pending, head: applied.at(-1) ?? null }
}
