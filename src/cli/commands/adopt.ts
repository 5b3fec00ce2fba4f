import { type Identity, isSameOwner, type Owner } from '../../core/history/ownership.js'
import { migrateOptions } from '../../gate/gate.js'
import { ownerIn, refuseWrongDatabase } from '../../gate/preconditions.js'
import { adopt } from '../../operations/adopt/adopt.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { inspect, type Inspection } from '../../postgres/inspect/inspect.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import type { CommandContext, CommandResult, Run } from './command.js'
import { confirmed } from './confirm.js'

/** `schemagate adopt`: gives a database to this service and environment. */
export const run: Run = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const inspection = await look(workspace)
    const { identity } = inspection
    const to = ownerIn(context.config)
    const where = describeAddress(inspection.database)
    const why = nothingToAdopt(inspection, to)
    if (why === null) {
      await confirmAdoption(context, { where, identity, to })
      await adopt(optionsFor(context, workspace), identity)
    }
    return {
      exit: 0,
      text: `${where} ${why ?? `belongs to ${inWords(to)} now, with an id of its own`}`,
      document: { database: where, adopted: why === null, from: identity, to },
    }
  })

/** The check of the identity is what this is meant to pass; a ledger of other migrations stays refused. */
function admit(workspace: Workspace): (inspection: Inspection) => void {
  return (inspection) =>
    refuseWrongDatabase(workspace, inspection.identity ?? ownerIn(workspace.config))(inspection)
}

function look(workspace: Workspace): Promise<Inspection> {
  const { connection, project } = workspace
  return withClient(connection, async (client) => {
    const inspection = await inspect(client, { connection, project })
    admit(workspace)(inspection)
    return inspection
  })
}

function optionsFor({ report, signal }: CommandContext, workspace: Workspace): Parameters<typeof adopt>[0] {
  return { ...migrateOptions(workspace, null), admit: admit(workspace), report, signal }
}

function nothingToAdopt({ identity, recorded }: Inspection, to: Owner): string | null {
  if (identity !== null) return isSameOwner(identity, to) ? `belongs to ${inWords(to)} already` : null
  return recorded.revisions.length > 0 ? null : 'belongs to nobody: the first migration gives it its owner'
}

interface Adoption {
  readonly where: string
  readonly identity: Identity | null
  readonly to: Owner
}

async function confirmAdoption(context: CommandContext, { where, identity, to }: Adoption): Promise<void> {
  await confirmed(context, {
    what: `The database will belong to ${identity === null ? 'this' : 'another'} service or environment, with a new id.`,
    facts: [
      ['database', where],
      ['belongs to', identity === null ? 'nobody yet' : `${inWords(identity)}  (since ${identity.since})`],
      ['will be of', inWords(to)],
    ],
    environments: [...new Set([to.environment, identity?.environment ?? to.environment])],
  })
}

function inWords({ service, environment }: Owner): string {
  return `service ${service}, environment ${environment}`
}
