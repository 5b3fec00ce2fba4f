import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import type { TaskControl } from '../../gate/assess.js'
import { findBuildPromise } from '../../gate/gate.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { readServerMajor } from '../../postgres/connection/query.js'
import { isServerError } from '../../postgres/connection/sqlstate.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { findOwnObjects, readEmptyingStatements } from '../../postgres/scratch/given-database.js'
import { withCheckedSession } from '../../postgres/session/locked-session.js'
import type { Workspace } from '../../workspace.js'
import { publicAsNew } from '../backup/restore-database.js'
import { type MigratedDatabase, migrateTo } from '../migrate/migrate.js'
import {
  refuseKeptEnvironment,
  refuseOtherDatabase,
  refuseOtherSessions,
  refuseSubscriptions,
  resetError,
} from './refuse-reset.js'

/**
 * The keys of what a reset drops. Throws SCHEMA_RESET_REFUSED and SCHEMA_WRONG_DATABASE where it drops nothing, but for
 * other sessions, which may end until then.
 */
export async function findDropped(workspace: Workspace): Promise<readonly string[]> {
  refuseKeptEnvironment(workspace)
  return withClient(workspace.migrationConnection, async (client) => {
    const objects = await findOwnObjects(client)
    const inspection = await inspect(client, workspace)
    refuseOtherDatabase(workspace, { hasObjects: objects.length > 0 })(inspection)
    await refuseSubscriptions(client)
    return objects
  })
}

export interface ResetOptions {
  /** Whether other sessions are ended. Without that they are a reason to refuse. */
  readonly endsSessions: boolean
}

/**
 * Empties the configured database in one transaction under the migration lock, and builds it again as a start would, with
 * its seeds. Throws SCHEMA_RESET_REFUSED where nothing was dropped; what building throws says that the database was emptied.
 */
export async function resetDatabase(
  workspace: Workspace,
  { endsSessions }: ResetOptions,
  control: TaskControl,
): Promise<MigratedDatabase> {
  const objects = await findDropped(workspace)
  // What fails in a scratch database fails before anything is dropped.
  await (await findBuildPromise(workspace, control.report)).load()
  if (objects.length > 0) await empty(workspace, endsSessions, control)
  try {
    return await migrateTo(workspace, null, control)
  } catch (error) {
    throw error instanceof SchemaError && objects.length > 0 ? afterEmptying(error) : error
  }
}

async function empty(workspace: Workspace, endsSessions: boolean, control: TaskControl): Promise<void> {
  const { migrationConnection: connection, config } = workspace
  await withClient(connection, (client) => refuseOtherSessions(client, endsSessions))
  const checkPreconditions = refuseOtherDatabase(workspace, { hasObjects: true })
  const options = migrateOptionsFor(workspace, null, control, checkPreconditions)
  await withCheckedSession(options, async ({ client }) => {
    try {
      await emptyInTransaction(client, config.migrations.lockTimeout)
    } catch (cause) {
      if (!isServerError(cause)) throw cause
      throw resetError(`PostgreSQL refused it: ${cause.message}. Its transaction was rolled back.`, {
        facts: [['database', describeAddress(addressOf(connection))]],
        choices: [
          ['remove the cause', 'a lock of another session, or an object of another role; then run it again'],
        ],
        cause,
      })
    }
  })
}

async function emptyInTransaction(client: pg.Client, lockTimeout: number): Promise<void> {
  const statements = await readEmptyingStatements(client)
  const major = await readServerMajor(client)
  await client.query(`begin; set local lock_timeout to ${lockTimeout}`)
  try {
    for (const statement of [...statements, ...publicAsNew(major)]) await client.query(statement)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

function afterEmptying(error: SchemaError): SchemaError {
  const { code, message, facts } = error
  return new SchemaError(code, {
    what: `${message} The database was emptied before: what it held is gone, and what was built since then stays.`,
    facts,
    choices: [
      ['schemagate reset', 'empties and builds it again, once the cause is removed'],
      ['schemagate status', 'shows what is built'],
    ],
    cause: error,
  })
}
