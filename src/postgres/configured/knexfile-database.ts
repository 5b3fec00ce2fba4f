import { dirname } from 'node:path'
import type { DatabaseParts } from '../../config/config.js'
import { databaseUrlProblem, normalizeUrl, urlOfParts } from '../../config/url.js'
import { SchemaError } from '../../errors/schema-error.js'
import { openConnectionSource } from '../../project/connection-source.js'
import type { KnexProject } from '../../project/knex-project.js'
import { addressOf } from '../connection/address.js'
import { addressOfSettings } from '../connection/client-settings.js'
import type { Connection } from '../connection/connect.js'

/** The connection of the knexfile, with everything it sets for pg. Throws SCHEMA_KNEXFILE_INVALID. */
export async function openKnexConnection(base: Connection, project: KnexProject): Promise<Connection> {
  const { connection, knexfile: file } = project
  if (connection.kind === 'none' || file === null) return base
  const source = await openConnectionSource(connection, { file, folder: dirname(file) })
  const settings = await source.current()
  const text = settings['connectionString']
  if (typeof text !== 'string') return { ...base, url: urlOfSettings(settings, file), driver: source }
  const url = usableUrl(text, file)
  return connection.kind === 'url' ? { ...base, url } : { ...base, url, driver: source }
}

/** The same, or null where the knexfile has none that can be used. */
export async function findKnexConnection(base: Connection, project: KnexProject): Promise<Connection | null> {
  if (project.connection.kind === 'none') return null
  return openKnexConnection(base, project).catch((error: unknown) => {
    if (error instanceof SchemaError) return null
    throw error
  })
}

/**
 * The connection of the knexfile where it is what the DB_ keys say that are set: they are usually the variables that it reads,
 * and it has values of its own for the others. Null where it leads elsewhere.
 */
export async function findSameConnection(
  base: Connection,
  project: KnexProject,
  parts: DatabaseParts,
): Promise<Connection | null> {
  const opened = await findKnexConnection(base, project)
  if (opened === null) return null
  const { host, port, user, name } = addressOf(opened)
  const password = decodeURIComponent(new URL(opened.url).password)
  const own: DatabaseParts = { host, port: String(port), user, password, name }
  const names = ['host', 'port', 'user', 'password', 'name'] as const
  return names.every((part) => (parts[part] ?? own[part]) === own[part]) ? opened : null
}

function urlOfSettings(settings: Readonly<Record<string, unknown>>, file: string): string {
  const { host, port, user, name } = addressOfSettings(settings)
  if (name === '' || (name === user && settings['database'] !== user))
    throw unusableConnectionError(file, 'it names no database; an environment variable may not be set')
  const password = typeof settings['password'] === 'string' ? settings['password'] : ''
  return urlOfParts({ host, port: String(port), user, password, name })
}

function usableUrl(url: string, file: string): string {
  const problem = databaseUrlProblem(url)
  if (problem === undefined) return normalizeUrl(url)
  throw unusableConnectionError(file, `its URL ${problem}`)
}

function unusableConnectionError(file: string, why: string): SchemaError {
  return new SchemaError('SCHEMA_KNEXFILE_INVALID', {
    what: `The knexfile's connection cannot be used: ${why}. Nothing was done.`,
    facts: [['knexfile', file]],
    choices: [
      ['correct the connection', 'or what it is made from'],
      ['--database-url URL', 'names the database instead'],
    ],
  })
}
