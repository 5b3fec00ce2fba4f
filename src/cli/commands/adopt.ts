import {
  type DatabaseIdentity,
  describeOwner,
  isSameOwner,
  type Owner,
} from '../../core/history/ownership.js'
import { configuredOwner } from '../../gate/preconditions.js'
import { adopt, refuseForeignLedger } from '../../operations/adopt/adopt.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { type Inspection } from '../../postgres/inspect/inspection.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'
import { requireConfirmation } from './confirm.js'

/** `schemagate adopt`: records that a database belongs to this service and environment. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const inspection = await inspectForAdoption(workspace)
    const { identity } = inspection
    const to = configuredOwner(context.config)
    const where = describeAddress(inspection.database)
    const why = reasonNotToAdopt(inspection, to)
    if (why === null) {
      await confirmAdoption(context, where, identity, to)
      await adopt(workspace, identity, context)
    }
    return {
      exit: 0,
      text: `${where} ${why ?? `now belongs to ${describeOwner(to)}, with a new id`}.`,
      document: { database: where, adopted: why === null, from: identity, to },
    }
  })

function inspectForAdoption(workspace: Workspace): Promise<Inspection> {
  const { connection } = workspace
  return withClient(connection, async (client) => {
    const inspection = await inspect(client, workspace)
    refuseForeignLedger(workspace, inspection)
    return inspection
  })
}

/** A new database learns whose it is by its first migration, unless another project was there before. */
function reasonNotToAdopt({ identity, recorded, otherLedgers }: Inspection, to: Owner): string | null {
  if (identity !== null) return isSameOwner(identity, to) ? `already belongs to ${describeOwner(to)}` : null
  return recorded.revisions.length > 0 || otherLedgers.length > 0
    ? null
    : 'has no identity yet: the first migration records the service and environment it belongs to'
}

async function confirmAdoption(
  context: CommandContext,
  database: string,
  identity: DatabaseIdentity | null,
  to: Owner,
): Promise<void> {
  await requireConfirmation(context, {
    what: `The database will belong to ${identity === null ? 'this' : 'a different'} service or environment, with a new id.`,
    facts: [
      ['database', database],
      ['now', identity === null ? 'no identity' : `${describeOwner(identity)}  (since ${identity.since})`],
      ['then', describeOwner(to)],
    ],
    environments: [...new Set([to.environment, identity?.environment ?? to.environment])],
  })
}
