import type { Catalog } from '../../core/model/catalog.js'
import { count } from '../../core/model/describe.js'
import { type Promised, promisedAt, type Snapshot, wholeCatalog } from '../../core/model/snapshot.js'
import { SchemaError } from '../../errors/schema-error.js'
import { withClient } from '../../postgres/connection/connect.js'
import { everything, ledgerTablesOf, readCatalog } from '../../postgres/introspect/read-catalog.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { staleError, usableSnapshot } from '../../snapshot/snapshot.js'
import type { Workspace } from '../../workspace.js'

/** The promise at head as the starting point of another migration. */
export interface Base extends Promised {
  /** What is promised, with what an empty database has. */
  readonly catalog: Catalog
  /** The major version of PostgreSQL it was read on, null for an empty database that was read just now. */
  readonly major: number | null
}

/**
 * The promise at head; of a project without migrations, an empty database. Throws SCHEMA_SNAPSHOT_STALE,
 * SCHEMA_SCRATCH_UNAVAILABLE.
 */
export async function baseOf(workspace: Workspace): Promise<Base> {
  const { snapshot, stale } = await usableSnapshot(workspace)
  if (stale.length > 0) throw staleError(workspace, stale)
  if (snapshot !== null) return promisedBase(snapshot)
  if (workspace.migrations.length === 0) return emptyBase(workspace)
  throw new SchemaError('SCHEMA_SNAPSHOT_STALE', {
    what: `There is no snapshot yet to draft from: ${count(workspace.migrations.length, 'revision')} without a promise. Nothing was written.`,
    facts: [['folder', workspace.snapshotDirectory]],
    choices: [['schemagate snapshot', 'makes it; commit it with the migrations']],
  })
}

function promisedBase(snapshot: Snapshot): Base {
  const revisions = snapshot.revisions.map(({ revision }) => revision)
  const { undetermined, tolerated } = promisedAt(snapshot, revisions)
  return { catalog: wholeCatalog(snapshot, revisions), undetermined, tolerated, major: snapshot.postgres }
}

/** Before the first migration nothing is promised, and whatever a new database has is left as it is. */
async function emptyBase({ scratch, project }: Workspace): Promise<Base> {
  const found = await findScratch(scratch)
  const catalog = await found.withDatabase((connection) =>
    withClient(connection, (client) => readCatalog(client, { ...ledgerTablesOf(project), ...everything })),
  )
  return { catalog, undetermined: {}, tolerated: new Set(Object.keys(catalog)), major: null }
}
