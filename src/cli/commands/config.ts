import type { Config } from '../../config/config.js'
import { configDocument, renderConfig } from '../../config/explain.js'
import { maskUrl } from '../../config/url.js'
import { SchemaError } from '../../errors/schema-error.js'
import { findProject } from '../../workspace.js'
import type { CommandResult, CommandHandler } from './command.js'

/** `schemagate config`: every effective value with its source. Connects to no database. */
export const run: CommandHandler = async ({ config }): Promise<CommandResult> => {
  const url = config.database.kind === 'embedded' ? await readKnexfileUrl(config) : null
  const effective = url === null ? config : withDatabaseUrl(config, url)
  return { exit: 0, text: renderConfig(effective), document: configDocument(effective) }
}

/** The connection of the knexfile wins over the embedded PostgreSQL. A knexfile that does not load is no error here. */
async function readKnexfileUrl(config: Config): Promise<string | null> {
  const project = await findProject(config).catch((error: unknown) => {
    if (error instanceof SchemaError) return null
    throw error
  })
  return project?.databaseUrl ?? null
}

function withDatabaseUrl(config: Config, url: string): Config {
  const entry = { key: 'DATABASE_URL', value: maskUrl(url), source: 'connection of the knexfile' }
  return { ...config, entries: config.entries.map((old) => (old.key === entry.key ? entry : old)) }
}
