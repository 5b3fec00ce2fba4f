import type { Snapshot } from '../../core/model/snapshot.js'
import { formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { refuseWrongDatabase } from '../../gate/preconditions.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { lossOfReverting } from '../../postgres/verify/revert-loss.js'
import { planRevert, type RevertPlan } from '../../postgres/migrate/revert-plan.js'
import { revert } from '../../postgres/migrate/revert.js'
import { staleSnapshotError, loadUsableSnapshot } from '../../snapshot/usable.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import { type CommandContext, type CommandResult, type CommandHandler, textOption } from './command.js'
import { forceReasonOf, requireConfirmation } from './confirm.js'

/** `schemagate down`: reverts the newest revision, or all newer than `--to`, each verified before its commit. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const reason = forceReasonOf(context, {
    needs: 'Reverting although the result is not what was promised needs --force and --reason TEXT',
    missing: null,
    consequence: 'Nothing was reverted.',
    choice: ["schemagate down --force --reason 'TEXT'", 'reverts it, and keeps the reason in the ledger'],
  })
  return withWorkspace(context, async (workspace) => {
    const { snapshot, stale } = await loadUsableSnapshot(workspace)
    if (stale.length > 0) throw staleSnapshotError(workspace, stale)
    const plan = await planRevertTo(workspace, textOption(context, 'to'), snapshot)
    await confirmRevert(context, workspace, { ...plan, forced: reason !== null })
    const options = migrateOptionsFor(workspace, snapshot, context)
    const reverted = plan.revisions.length === 0 ? [] : await revert(options, plan, reason)
    return {
      exit: 0,
      text: `${describeMigrationAddress(workspace)}: ${reverted.length === 0 ? 'nothing to revert' : `reverted ${toPrintable(reverted.join(', '))}`}`,
      document: { reverted },
    }
  })
}

interface PlannedRevert extends RevertPlan {
  /** What reverting a single revision takes away. */
  readonly lost: readonly string[]
}

function planRevertTo(
  workspace: Workspace,
  to: string | null,
  snapshot: Snapshot | null,
): Promise<PlannedRevert> {
  const { connection, migrations } = workspace
  return withClient(connection, async (client) => {
    const inspection = await inspect(client, workspace)
    refuseWrongDatabase(workspace)(inspection)
    const plan = planRevert(migrations, inspection, to)
    const [revision, ...others] = plan.revisions
    const { revisions } = inspection.recorded
    const lost =
      revision === undefined || others.length > 0
        ? []
        : await lossOfReverting(client, revision, revisions, snapshot)
    return { ...plan, lost }
  })
}

interface RevertToConfirm extends PlannedRevert {
  readonly forced: boolean
}

/** Several revisions are confirmed everywhere, and so is force; a single one where it loses data in a protected environment. */
async function confirmRevert(
  context: CommandContext,
  workspace: Workspace,
  { revisions, to, forced, lost }: RevertToConfirm,
): Promise<void> {
  const { target, protectedEnvironments } = context.config
  const isLoss = lost.length > 0 && protectedEnvironments.includes(target)
  if (revisions.length === 0 || (revisions.length === 1 && !forced && !isLoss)) return
  await requireConfirmation(context, {
    what: `${formatCount(revisions.length, 'revision')} will be reverted${revisions.length === 1 ? '' : ', the newest first'}${forced ? ', whatever is left of it' : ''}.`,
    facts: [
      ['database', `${describeMigrationAddress(workspace)}  (environment ${target})`],
      ['reverted', revisions],
      ...(lost.length === 0 ? [] : [['lost', lost] as const]),
      ...(revisions.length === 1 && to === null ? [] : [['stays', to ?? 'none'] as const]),
    ],
  })
}

function describeMigrationAddress({ migrationConnection }: Workspace): string {
  return describeAddress(addressOf(migrationConnection))
}
