import { type DatabaseIdentity, isSameOwner, type Owner } from '../../core/history/ownership.js'
import { configuredOwner } from '../../gate/preconditions.js'
import { adopt, refuseForeignLedger } from '../../operations/adopt/adopt.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { type Inspection } from '../../postgres/inspect/inspection.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'
import { requireConfirmation } from './confirm.js'

/** `schemagate adopt`: gives a database to this service and environment. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const inspection = await inspectForAdoption(workspace)
    const { identity } = inspection
    const to = configuredOwner(context.config)
    const where = describeAddress(inspection.database)
    const why = reasonNotToAdopt(inspection, to)
    if (why === null) {
      await confirmAdoption(context, { where, identity, to })
      await adopt(workspace, identity, context)
    }
    return {
      exit: 0,
      text: `${where} ${why ?? `belongs to ${describeNewOwner(to)} now, with an id of its own`}`,
      document: { database: where, adopted: why === null, from: identity, to },
    }
  })

function inspectForAdoption(workspace: Workspace): Promise<Inspection> {
  const { connection, project } = workspace
  return withClient(connection, async (client) => {
    const inspection = await inspect(client, { connection, project })
    refuseForeignLedger(workspace, inspection)
    return inspection
  })
}

function reasonNotToAdopt({ identity, recorded }: Inspection, to: Owner): string | null {
  if (identity !== null)
    return isSameOwner(identity, to) ? `belongs to ${describeNewOwner(to)} already` : null
  return recorded.revisions.length > 0 ? null : 'belongs to nobody: the first migration gives it its owner'
}

interface Adoption {
  readonly where: string
  readonly identity: DatabaseIdentity | null
  readonly to: Owner
}

async function confirmAdoption(context: CommandContext, { where, identity, to }: Adoption): Promise<void> {
  await requireConfirmation(context, {
    what: `The database will belong to ${identity === null ? 'this' : 'another'} service or environment, with a new id.`,
    facts: [
      ['database', where],
      [
        'belongs to',
        identity === null ? 'nobody yet' : `${describeNewOwner(identity)}  (since ${identity.since})`,
      ],
      ['will be of', describeNewOwner(to)],
    ],
    environments: [...new Set([to.environment, identity?.environment ?? to.environment])],
  })
}

function describeNewOwner({ service, environment }: Owner): string {
  return `service ${service}, environment ${environment}`
}
