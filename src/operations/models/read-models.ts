import { withoutOtherSettings } from '../../core/model/scope.js'
import { changesBetween, type Snapshot } from '../../core/model/snapshot.js'
import { withClient } from '../../postgres/connection/connect.js'
import { readServerMajor } from '../../postgres/connection/query.js'
import { readProjectCatalog } from '../../postgres/introspect/read-catalog.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import type { BuildPromise } from '../../snapshot/build-promise.js'
import type { ProjectWorkspace } from '../../workspace.js'
import { buildSource } from '../diff/source-files.js'

/** What models promise. Nothing tells whether it is still the same but reading them again. */
export async function promiseOfModels(workspace: ProjectWorkspace, source: string): Promise<BuildPromise> {
  const snapshot = await readModels(workspace, source)
  return { digest: null, load: async () => snapshot }
}

/**
 * Builds models in a scratch database, and returns what they make as a snapshot with one revision, which is named as the
 * source: `models:FILE`. Throws SCHEMA_SCRATCH_UNAVAILABLE, SCHEMA_SOURCE_INVALID.
 */
async function readModels({ config, project, scratch }: ProjectWorkspace, source: string): Promise<Snapshot> {
  const server = await findScratch(scratch)
  return server.withDatabase(async (connection) => {
    const read = () => withClient(connection, (client) => readProjectCatalog(client, project))
    const base = withoutOtherSettings(await read(), {})
    await buildSource(connection, { form: 'models', file: source.slice('models:'.length) }, config.root)
    const changes = changesBetween(base, withoutOtherSettings(await read(), {}))
    const postgres = await withClient(connection, readServerMajor)
    return { postgres, base, revisions: [{ revision: source, file: null, checksum: null, changes }] }
  })
}
