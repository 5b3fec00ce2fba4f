import { type Catalog, objectKey } from '../../core/model/catalog.js'
import { diff } from '../../core/model/diff.js'
import { withoutOtherSettings } from '../../core/model/scope.js'
import { startWriterFor } from '../../ddl/plan/plan-start.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import { SchemaError } from '../../errors/schema-error.js'
import { withClient } from '../../postgres/connection/connect.js'
import { isServerError } from '../../postgres/connection/sqlstate.js'
import { readProjectCatalog } from '../../postgres/introspect/read-catalog.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { loadUsableSnapshot } from '../../snapshot/usable.js'
import { isLiveSource, readSource, type SourceWorkspace } from '../diff/catalog-source.js'
import { proveForProject } from '../proof/prove-for-project.js'

/** What builds the schema of a source in an empty database. */
export interface ExportedSchema {
  /** The source, for people. */
  readonly name: string
  /** The major version of PostgreSQL that printed its texts. */
  readonly major: number
  readonly plan: ProvenPlan
}

/**
 * The statements that build the schema of a source in an empty database, as they ran in a scratch database. Settings of a
 * database are left out where they are of a live one: they are of that database, not of its schema. Throws what reading the
 * source throws.
 */
export async function buildScript(source: string, workspace: SourceWorkspace): Promise<ExportedSchema> {
  const { name, catalog, undetermined, major } = await readSource(source, workspace)
  const from = await readEmptyCatalog(source, workspace, catalog)
  const to = isLiveSource(source) ? withoutOtherSettings(catalog, from) : catalog
  const write = startWriterFor(to)
  const { plan } = await proveForProject(
    {
      from,
      to,
      differences: diff(to, from),
      undetermined,
      printedBy: major,
      scope: { comments: true, grants: true },
      target: null,
      plan: (refusals) => write(from, refusals),
    },
    workspace,
    'any',
  )
  return { name, major, plan }
}

/** What an empty database holds: as the snapshot found it, else as one is on the scratch server. */
async function readEmptyCatalog(
  source: string,
  workspace: SourceWorkspace,
  catalog: Catalog,
): Promise<Catalog> {
  const { snapshot } = await loadUsableSnapshot(workspace)
  if (snapshot !== null && source.startsWith('snapshot')) return snapshot.base
  const read = await readScratchCatalog(workspace)
  return read ?? snapshot?.base ?? commonPart(catalog)
}

/** Null where there is no scratch server; one that refuses is a fault. */
async function readScratchCatalog({ scratch, project }: SourceWorkspace): Promise<Catalog | null> {
  try {
    const found = await findScratch(scratch)
    return await found.withDatabase((connection) =>
      withClient(connection, (client) => readProjectCatalog(client, project)),
    )
  } catch (error) {
    if (error instanceof SchemaError && isAway(error, scratch.scratch !== null)) return null
    throw error
  }
}

/** Whether no server is named and there is none from npm, or the one that is named does not answer. */
function isAway({ code, cause }: SchemaError, isNamed: boolean): boolean {
  if (!isNamed) return code === 'SCHEMA_SCRATCH_UNAVAILABLE'
  return code === 'SCHEMA_DATABASE_UNREACHABLE' && !isServerError(cause)
}

/** Every new database of PostgreSQL has these, if nobody changed its templates. */
const commonKeys = [objectKey('schema', ['public']), objectKey('extension', ['plpgsql'])]

function commonPart(catalog: Catalog): Catalog {
  return Object.fromEntries(Object.entries(catalog).filter(([key]) => commonKeys.includes(key)))
}
