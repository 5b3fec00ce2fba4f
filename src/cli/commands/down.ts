import { count } from '../../core/model/describe.js'
import { visible } from '../../core/text/printable.js'
import { migrateOptions } from '../../gate/gate.js'
import { refuseWrongDatabase } from '../../gate/preconditions.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { type PlannedReverts, planReverts, revert } from '../../postgres/migrate/revert.js'
import { staleError, usableSnapshot } from '../../snapshot/snapshot.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import { type CommandContext, type CommandResult, type Run, textOption } from './command.js'
import { confirmed } from './confirm.js'

/** `schemagate down`: reverts the newest revision, or all newer than `--to`, each verified before its commit. */
export const run: Run = async (context): Promise<CommandResult> => {
  const { report, signal } = context
  return withWorkspace(context, async (workspace) => {
    const { snapshot, stale } = await usableSnapshot(workspace)
    if (stale.length > 0) throw staleError(workspace, stale)
    const planned = await plan(workspace, textOption(context, 'to'))
    if (planned.revisions.length > 1) await confirmReverts(context, { workspace, planned })
    const options = { ...migrateOptions(workspace, snapshot), report, signal }
    const reverted = planned.revisions.length === 0 ? [] : await revert(options, planned)
    return {
      exit: 0,
      text: `${placeOf(workspace)}: ${reverted.length === 0 ? 'nothing to revert' : `reverted ${visible(reverted.join(', '))}`}`,
      document: { reverted },
    }
  })
}

function plan(workspace: Workspace, to: string | null): Promise<PlannedReverts> {
  const { connection, project, migrations } = workspace
  return withClient(connection, async (client) => {
    const inspection = await inspect(client, { connection, project })
    refuseWrongDatabase(workspace)(inspection)
    return planReverts({ migrations, inspection }, to)
  })
}

interface Reverts {
  readonly workspace: Workspace
  readonly planned: PlannedReverts
}

async function confirmReverts(context: CommandContext, { workspace, planned }: Reverts): Promise<void> {
  const { revisions } = planned
  await confirmed(context, {
    what: `${count(revisions.length, 'revision')} will be reverted, the newest first.`,
    facts: [
      ['database', `${placeOf(workspace)}  (environment ${context.config.target})`],
      ['reverted', revisions],
      ['stays', planned.to ?? 'none'],
    ],
  })
}

function placeOf({ migrationConnection }: Workspace): string {
  return describeAddress(addressOf(migrationConnection))
}
