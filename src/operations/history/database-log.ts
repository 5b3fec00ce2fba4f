import { compareHistory, type Position } from '../../core/history/history.js'
import {
  type LoggedEvent,
  type LoggedRevision,
  logRevisions,
  type RecordedRevision,
} from '../../core/history/revision-log.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import { connectAndRead, type TaskControl } from '../../gate/assess.js'
import type { DatabaseAddress } from '../../postgres/connection/address.js'
import { withTimeout } from '../../postgres/connection/lifecycle.js'
import { inspectServer, type InspectedServer } from '../../postgres/inspect/inspect-server.js'
import { readLog, readRecorded } from '../../postgres/ledger/read-log.js'
import { createRevisionFinder } from '../../project/revision-name.js'
import { findSnapshot } from '../../snapshot/find.js'
import type { Workspace } from '../../workspace.js'

/** What is known of the past of a database. */
export interface DatabaseLog {
  readonly database: DatabaseAddress
  readonly position: Position
  readonly revisions: readonly LoggedRevision[]
  /** What happened to the database as a whole, oldest first. */
  readonly events: readonly LoggedEvent[]
}

/**
 * Joins the ledgers of a database with the snapshot of this build. Reads only. Throws what `connectAndRead` and `inspect`
 * throw, and SCHEMA_SNAPSHOT_INVALID.
 */
export async function readDatabaseLog(workspace: Workspace, control: TaskControl): Promise<DatabaseLog> {
  const snapshot = (await findSnapshot(workspace))?.parse() ?? null
  return connectAndRead(workspace, control, (client, deadline) =>
    withTimeout(client, deadline, async () => {
      const server = await inspectServer(client, workspace)
      const { schema, ledgerSchema } = server
      const findRevision = createRevisionFinder(workspace.migrations)
      const { tableName } = workspace.project
      const recorded =
        ledgerSchema === null
          ? []
          : await readRecorded(client, { schema: ledgerSchema, tableName, findRevision })
      const events = schema === null ? [] : await readLog(client, schema)
      return joinLog(workspace, server, { recorded, events, snapshot })
    }),
  )
}

interface ReadLedgers {
  readonly recorded: readonly RecordedRevision[]
  readonly events: readonly LoggedEvent[]
  readonly snapshot: Snapshot | null
}

function joinLog(
  { migrations }: Workspace,
  { database, hasTables }: InspectedServer,
  read: ReadLedgers,
): DatabaseLog {
  const build = migrations.map(({ revision }) => revision)
  const { recorded, events } = read
  const revisions = [...new Set(recorded.map(({ revision }) => revision))]
  // An interrupted first revision explains the tables.
  const isUnexplained = hasTables && events.every(({ revision }) => revision === null)
  return {
    database,
    position: compareHistory(build, { revisions, hasTables: isUnexplained }).position,
    revisions: logRevisions({ build, ...read }),
    events: events.filter(({ revision }) => revision === null),
  }
}

/** How many revisions are shown. */
export const defaultLimit = 20

/** What `history --json` prints. */
export type LogDocument = ReturnType<typeof logDocument>

/** The log with its newest revisions. */
export function logDocument({ database, position, revisions, events }: DatabaseLog, limit: number) {
  return { database, position, total: revisions.length, revisions: revisions.slice(0, limit), events }
}
