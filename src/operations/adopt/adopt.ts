import { describeOwner, type DatabaseIdentity, isSameOwner } from '../../core/history/ownership.js'
import { SchemaError } from '../../errors/schema-error.js'
import { recordIdentity } from '../../postgres/ledger/record-identity.js'
import { type MigrateOptions, withLockedSession } from '../../postgres/session/locked-session.js'

/**
 * Gives a database to its new owner, under the lock, with a new id. `from` is whose it was when that was confirmed.
 * Throws SCHEMA_NOT_CONFIRMED where it is somebody else's by now.
 */
export async function adopt(options: MigrateOptions, from: DatabaseIdentity | null): Promise<void> {
  const { owner, writer, report, checkPreconditions } = options
  const admitUnchanged: typeof checkPreconditions = (inspection) => {
    if (inspection.identity?.id !== from?.id) throw ownerChangedError(inspection.identity)
    checkPreconditions(inspection)
  }
  await withLockedSession(
    { ...options, checkPreconditions: admitUnchanged },
    async ({ session, inspection, schema }) => {
      if (inspection.identity === null || isSameOwner(inspection.identity, owner)) return
      const identity = await recordIdentity(session.client, { schema, writer }, owner, 'adopted')
      report({ event: 'identified', identity })
    },
  )
}

function ownerChangedError(identity: DatabaseIdentity | null): SchemaError {
  const now = identity === null ? 'nobody' : describeOwner(identity)
  return new SchemaError('SCHEMA_NOT_CONFIRMED', {
    what: `The database changed hands meanwhile: it belongs to ${now} now. Nothing was done.`,
    choices: [['schemagate adopt', 'shows whose it is now']],
  })
}
