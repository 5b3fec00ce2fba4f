import {
  describeOwner,
  type DatabaseIdentity,
  isSameOwner,
  type Owner,
} from '../../core/history/ownership.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { TaskControl } from '../../gate/assess.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { configuredOwner, refuseWrongDatabase } from '../../gate/preconditions.js'
import type { Inspection } from '../../postgres/inspect/inspection.js'
import { recordIdentity } from '../../postgres/ledger/record-identity.js'
import { withLockedSession } from '../../postgres/session/locked-session.js'
import type { Workspace } from '../../workspace.js'

/**
 * Gives a database to this service and environment, under the lock, with a new id. `from` is whose it was when that was
 * confirmed. Throws SCHEMA_NOT_CONFIRMED where that changed, SCHEMA_WRONG_DATABASE for a ledger of other migrations.
 */
export async function adopt(
  workspace: Workspace,
  from: DatabaseIdentity | null,
  control: TaskControl,
): Promise<void> {
  const owner = configuredOwner(workspace.config)
  const checkPreconditions = (inspection: Inspection): void => {
    if (inspection.identity?.id !== from?.id) throw ownerChangedError(inspection.identity)
    refuseForeignLedger(workspace, inspection)
  }
  const options = migrateOptionsFor(workspace, null, control, checkPreconditions)
  await withLockedSession(options, async ({ prepareLedgers }) => {
    const { session, inspection, schema, writer } = await prepareLedgers()
    if (inspection.identity === null || isSameOwner(inspection.identity, owner)) return
    const identity = await recordIdentity(session.client, { schema, writer }, owner, 'adopted')
    control.report({ event: 'identified', identity })
  })
}

/** Adopting passes the check of the identity; a ledger of other migrations stays refused. */
export function refuseForeignLedger(workspace: Workspace, inspection: Inspection): void {
  const owner: Owner = inspection.identity ?? configuredOwner(workspace.config)
  // Ledgers of others do not matter any more once the database is given to this service too.
  refuseWrongDatabase(workspace, owner)({ ...inspection, otherLedgers: [] })
}

function ownerChangedError(identity: DatabaseIdentity | null): SchemaError {
  const now = identity === null ? 'nobody' : describeOwner(identity)
  return new SchemaError('SCHEMA_NOT_CONFIRMED', {
    what: `The database was adopted in the meantime: it belongs to ${now} now. Nothing was done.`,
    choices: [['schemagate adopt', 'shows whose it is now']],
  })
}
