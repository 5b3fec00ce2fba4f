import { formatCount } from '../../../core/text/format.js'
import { planExit } from '../../../operations/plan/pending-plan.js'
import { planDatabase, type PlannedRange, planOffline } from '../../../operations/plan/plan-database.js'
import { pathInPackage } from '../../../project/failing-lines.js'
import { type ProjectWorkspace, withProjectWorkspace, withWorkspace } from '../../../workspace.js'
import { type CommandHandler, type CommandResult, formatOption, textOption } from '../command.js'
import type { FileOfRevision } from './findings.js'
import { planFormats, renderPlan } from './plan-formats.js'

/** `schemagate plan`: what the pending revisions would do. It changes no database but a scratch one. */
export const run: CommandHandler = (context): Promise<CommandResult> => {
  const from = textOption(context, 'from')
  const format = context.options['sql'] === true ? 'sql' : formatOption(context, planFormats)
  const choice = { allow: textOption(context, 'allow'), refuse: textOption(context, 'refuse') }
  const show = (workspace: ProjectWorkspace, planned: PlannedRange): CommandResult =>
    resultOf(workspace, planned, format)
  return context.options['offline'] === true || from !== null
    ? withProjectWorkspace(context, async (workspace) =>
        show(workspace, await planOffline(workspace, from, choice, context)),
      )
    : withWorkspace(context, async (workspace) =>
        show(workspace, await planDatabase(workspace, choice, context)),
      )
}

function resultOf(
  workspace: ProjectWorkspace,
  { plan, place, pending, document }: PlannedRange,
  format: Parameters<typeof renderPlan>[1],
): CommandResult {
  const count = plan === null ? '' : `: ${formatCount(pending.length, 'pending revision')}`
  const report = { plan, head: `${place.where}${count}`, document, fileOf: filesOf(workspace) }
  return { exit: plan === null ? 0 : planExit(plan), text: renderPlan(report, format), document }
}

function filesOf({ migrations }: ProjectWorkspace): FileOfRevision {
  return (name) => {
    const path = migrations.find(({ revision }) => revision === name)?.path ?? null
    return path === null ? null : pathInPackage(path)
  }
}
