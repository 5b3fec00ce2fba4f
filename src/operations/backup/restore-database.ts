import { migrateOptionsFor } from '../../gate/migrate-options.js'
import type { TaskControl } from '../../gate/assess.js'
import { loadBackup } from '../../postgres/backup/restore.js'
import { withClient } from '../../postgres/connection/connect.js'
import { readServerMajor } from '../../postgres/connection/query.js'
import {
  findOwnObjects,
  readEmptyingStatements,
  readSubscriptions,
} from '../../postgres/scratch/given-database.js'
import { withCheckedSession } from '../../postgres/session/locked-session.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { Workspace } from '../../workspace.js'

/** The keys of what the configured database has, and what a restore would drop. */
export function findObjectsToDrop({ migrationConnection }: Workspace): Promise<readonly string[]> {
  return withClient(migrationConnection, async (client) => {
    const subscriptions = await readSubscriptions(client)
    if (subscriptions.length > 0)
      throw new SchemaError('SCHEMA_RESTORE_FAILED', {
        what: 'The database has subscriptions, which cannot be dropped in a transaction. The database is as it was.',
        facts: [['subscriptions', subscriptions]],
        choices: [['DROP SUBSCRIPTION …', 'drops one; then run it again']],
      })
    return findOwnObjects(client)
  })
}

/**
 * Empties the configured database and loads a backup, under the migration lock and in one transaction. Throws
 * SCHEMA_RESTORE_FAILED and what taking the lock throws.
 */
export function restoreDatabase(
  workspace: Workspace,
  { file, withOwners }: { readonly file: string; readonly withOwners: boolean },
  control: TaskControl,
): Promise<void> {
  const options = migrateOptionsFor(workspace, null, control, () => {})
  return withCheckedSession(options, async ({ client }) => {
    const objects = await findOwnObjects(client)
    const major = await readServerMajor(client)
    await loadBackup({
      file,
      connection: workspace.migrationConnection,
      major,
      before: objects.length === 0 ? [] : [...(await readEmptyingStatements(client)), ...publicAsNew(major)],
      withOwners,
      signal: control.signal,
    })
  })
}

/** The schema public as a new database has it: a backup has only what differs from that. */
export function publicAsNew(major: number): readonly string[] {
  return major < 15
    ? ['grant create, usage on schema public to public']
    : ['alter schema public owner to pg_database_owner', 'grant usage on schema public to public']
}
