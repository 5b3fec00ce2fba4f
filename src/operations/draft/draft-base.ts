import type { Catalog } from '../../core/model/catalog.js'
import { withoutOtherSettings } from '../../core/model/scope.js'
import {
  type PromisedCatalog,
  promisedCatalogAt,
  revisionsOf,
  type Snapshot,
  withBase,
} from '../../core/model/snapshot.js'
import { withClient } from '../../postgres/connection/connect.js'
import { readProjectCatalog } from '../../postgres/introspect/read-catalog.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { loadUsableSnapshot, missingSnapshotError, staleSnapshotError } from '../../snapshot/usable.js'
import type { Workspace } from '../../workspace.js'

/** The promise at head, from which a new migration is drafted. */
export interface DraftBase extends PromisedCatalog {
  /** What is promised, with the objects that an empty database has. */
  readonly catalog: Catalog
  /** The major version of PostgreSQL on which it was read; null for an empty database, which is read for the draft. */
  readonly major: number | null
}

/**
 * The promise at head; for a project without migrations an empty database. Throws SCHEMA_SNAPSHOT_STALE,
 * SCHEMA_SCRATCH_UNAVAILABLE.
 */
export async function loadDraftBase(workspace: Workspace): Promise<DraftBase> {
  const { snapshot, stale } = await loadUsableSnapshot(workspace)
  if (stale.length > 0) throw staleSnapshotError(workspace, stale)
  if (snapshot !== null) return snapshotBase(snapshot)
  if (workspace.migrations.length === 0) return readEmptyBase(workspace)
  throw missingSnapshotError(workspace, workspace.migrations.length)
}

function snapshotBase(snapshot: Snapshot): DraftBase {
  const revisions = revisionsOf(snapshot)
  const promised = promisedCatalogAt(snapshot, revisions)
  return { ...promised, catalog: withBase(promised, snapshot), major: snapshot.postgres }
}

/** Before the first migration nothing is promised, and the objects of a new database are tolerated. */
async function readEmptyBase({ scratch, project }: Workspace): Promise<DraftBase> {
  const server = await findScratch(scratch)
  const catalog = await server.withDatabase((connection) =>
    withClient(connection, (client) => readProjectCatalog(client, project)),
  )
  return {
    catalog: withoutOtherSettings(catalog, {}),
    undetermined: {},
    tolerated: new Set(Object.keys(catalog)),
    major: null,
  }
}
