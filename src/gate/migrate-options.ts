import type { Snapshot } from '../core/model/snapshot.js'
import type { Inspection } from '../postgres/inspect/inspection.js'
import type { MigrateOptions } from '../postgres/session/migrate-options.js'
import type { Workspace } from '../workspace.js'
import type { TaskControl } from './assess.js'
import { configuredOwner, configuredWriter, refuseWrongDatabase } from './preconditions.js'

/** What migrating needs of a workspace. Default precondition: it is this service's database in this environment. */
export function migrateOptionsFor(
  workspace: Workspace,
  snapshot: Snapshot | null,
  control: TaskControl,
  checkPreconditions: (inspection: Inspection) => void = refuseWrongDatabase(workspace),
): MigrateOptions {
  const { config, project, migrations, connection, migrationConnection } = workspace
  const { transaction, lockWaitTimeout, lockTimeout, deadline } = config.migrations
  return {
    target: {
      connection: migrationConnection,
      project,
      migrations,
      snapshot,
      scope: config.verify.scope,
    },
    guard: {
      owner: configuredOwner(config),
      writer: configuredWriter(config),
      serviceConnection: connection.url === migrationConnection.url ? null : connection,
      checkPreconditions,
    },
    policy: { transaction, lockWaitTimeout, lockTimeout, deadline },
    report: control.report,
    ...(control.signal ? { signal: control.signal } : {}),
  }
}
