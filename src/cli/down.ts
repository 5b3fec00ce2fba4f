import { migrateOptions } from '../gate.js'
import { addressOf, describeAddress } from '../postgres/address.js'
import { revert } from '../postgres/revert.js'
import { staleError, usableSnapshot } from '../snapshot.js'
import { withWorkspace } from '../workspace.js'
import { type CommandResult, type Run, textOption } from './command.js'

/** `schemagate down`: reverts the newest revision, or all newer than `--to`, each verified before its commit. */
export const run: Run = async (context): Promise<CommandResult> => {
  const { report, signal } = context
  return withWorkspace(context, async (workspace) => {
    const { snapshot, stale } = await usableSnapshot(workspace)
    if (stale.length > 0) throw staleError(workspace, stale)
    const reverted = await revert(
      { ...migrateOptions(workspace, snapshot), report, signal },
      textOption(context, 'to'),
    )
    const where = describeAddress(addressOf(workspace.migrationConnection))
    return {
      exit: 0,
      text: `${where}: ${reverted.length === 0 ? 'nothing to revert' : `reverted ${reverted.join(', ')}`}`,
      document: { reverted },
    }
  })
}
