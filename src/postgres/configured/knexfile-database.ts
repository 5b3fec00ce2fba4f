import { dirname } from 'node:path'
import { databaseUrlProblem, normalizeUrl, urlOfParts } from '../../config/url.js'
import { SchemaError } from '../../errors/schema-error.js'
import { openConnectionSource } from '../../project/connection-source.js'
import type { KnexProject } from '../../project/knex-project.js'
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
