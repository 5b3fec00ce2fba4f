import { type Catalog, objectKey } from '../core/model/catalog.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { describeAddress } from '../postgres/connection/address.js'
import type { KnexProject } from '../project/knex-project.js'
import type { ProjectWorkspace } from '../workspace.js'
import { inspectConfiguredDatabase } from './configured-database.js'

/** The schemas of the searchPath that somebody has to create before Knex can use them. That of the ledger is created with it. */
function namedSchemasOf({ searchPath, schemaName }: KnexProject): readonly string[] {
  return searchPath.filter(
    (name) => !['public', '$user', schemaName].includes(name) && !name.startsWith('pg_'),
  )
}

/** The schemas of the searchPath that the replays of a snapshot found before the first revision. */
export function serviceSchemasIn({ base }: Snapshot, project: KnexProject): readonly string[] {
  return namedSchemasOf(project).filter((name) => has(base, name))
}

/**
 * The schemas of the searchPath that a replay is to find before the first revision. A service may create them before it
 * migrates; or nobody does, and Knex creates everything in the next schema of the path. The earlier snapshot decides, then
 * the configured database where revisions are recorded; without either they are taken to be there.
 */
export async function findServiceSchemas(
  workspace: ProjectWorkspace,
  earlier: Snapshot | null,
  workspaceReport: ProgressReporter,
): Promise<readonly string[]> {
  const named = namedSchemasOf(workspace.project)
  const known = earlier === null ? [] : serviceSchemasIn(earlier, workspace.project)
  if (known.length === named.length) return named
  const database = await inspectConfiguredDatabase(workspace)
  const hasRecords = database !== null && database.recorded.revisions.length > 0
  if (!hasRecords && earlier !== null) return known
  const report = (name: string, what: string): void =>
    workspaceReport({ event: 'note', text: `schema ${name} of the searchPath ${what}` })
  if (!hasRecords) {
    for (const name of named) report(name, assumed)
    return named
  }
  const there = named.filter((name) => known.includes(name) || has(database.live, name))
  const address = describeAddress(database.database)
  for (const name of named.filter((each) => !there.includes(each)))
    report(name, `is not in ${address}, so it is in no replay: Knex creates everything in the next one`)
  return there
}

const assumed =
  'is taken to be there before the first revision, unless a migration creates it: if no database has it, make this snapshot where one that Knex migrated is configured'

function has(catalog: Catalog, name: string): boolean {
  return catalog[objectKey('schema', [name])] !== undefined
}
