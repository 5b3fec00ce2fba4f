import { withClient } from '../postgres/connection/connect.js'
import { inspect } from '../postgres/inspect/inspect.js'
import type { Inspection } from '../postgres/inspect/inspection.js'
import type { ProjectWorkspace } from '../workspace.js'

/** The configured database, which shows what a project did so far; null where none is at hand or it cannot be read. */
export async function inspectConfiguredDatabase({
  findDatabase,
  project,
  migrations,
}: ProjectWorkspace): Promise<Inspection | null> {
  const connection = await findDatabase()
  if (connection === null) return null
  try {
    return await withClient(connection, (client) => inspect(client, { connection, project, migrations }))
  } catch {
    return null
  }
}
