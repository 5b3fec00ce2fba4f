import { formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { refuseWrongDatabase } from '../../gate/preconditions.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { planRevert, type RevertPlan } from '../../postgres/migrate/revert-plan.js'
import { revert } from '../../postgres/migrate/revert.js'
import { staleSnapshotError, loadUsableSnapshot } from '../../snapshot/usable.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import { type CommandContext, type CommandResult, type CommandHandler, textOption } from './command.js'
import { requireConfirmation } from './confirm.js'

/** `schemagate down`: reverts the newest revision, or all newer than `--to`, each verified before its commit. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const { snapshot, stale } = await loadUsableSnapshot(workspace)
    if (stale.length > 0) throw staleSnapshotError(workspace, stale)
    const plan = await planRevertTo(workspace, textOption(context, 'to'))
    if (plan.revisions.length > 1) await confirmRevert(context, workspace, plan)
    const options = migrateOptionsFor(workspace, snapshot, context)
    const reverted = plan.revisions.length === 0 ? [] : await revert(options, plan)
    return {
      exit: 0,
      text: `${describeMigrationAddress(workspace)}: ${reverted.length === 0 ? 'nothing to revert' : `reverted ${toPrintable(reverted.join(', '))}`}`,
      document: { reverted },
    }
  })

function planRevertTo(workspace: Workspace, to: string | null): Promise<RevertPlan> {
  const { connection, project, migrations } = workspace
  return withClient(connection, async (client) => {
    const inspection = await inspect(client, { connection, project })
    refuseWrongDatabase(workspace)(inspection)
    return planRevert(migrations, inspection, to)
  })
}

async function confirmRevert(
  context: CommandContext,
  workspace: Workspace,
  { revisions, to }: RevertPlan,
): Promise<void> {
  await requireConfirmation(context, {
    what: `${formatCount(revisions.length, 'revision')} will be reverted, the newest first.`,
    facts: [
      ['database', `${describeMigrationAddress(workspace)}  (environment ${context.config.target})`],
      ['reverted', revisions],
      ['stays', to ?? 'none'],
    ],
  })
}

function describeMigrationAddress({ migrationConnection }: Workspace): string {
  return describeAddress(addressOf(migrationConnection))
}
