import pg from 'pg'
import type { Config } from '../../config/config.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knex-project.js'
import { findNearbyKnexfiles, nearbyKnexfileChoices } from '../../project/nearby-knexfile.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { AfterCreate } from '../connection/after-create.js'
import { toNamePart } from '../connection/application-name.js'
import type { Connection } from '../connection/connect.js'
import { refuseOtherEnvironment } from './other-environment.js'
import { findKnexConnection, findSameConnection, openKnexConnection } from './knexfile-database.js'

/** Where the database of a configuration may be named. */
export interface ConnectionSources {
  readonly config: Config
  readonly project: KnexProject
  /** Starts the embedded PostgreSQL and returns its URL; `because` says why it is the database. */
  readonly startEmbedded: (because: string) => Promise<string>
}

/**
 * The database of a configuration: its URL, else the connection of the knexfile, else, outside production, the embedded
 * PostgreSQL. Throws SCHEMA_CONFIG_INVALID, SCHEMA_KNEXFILE_INVALID, SCHEMA_EMBEDDED_UNAVAILABLE.
 */
export async function resolveConnection({
  config,
  project,
  startEmbedded,
}: ConnectionSources): Promise<Connection> {
  const { database } = config
  const base = baseConnection(config, project)
  const parts = 'parts' in database ? database.parts : undefined
  const same = parts === undefined ? null : await findSameConnection(base, project, parts)
  if (same !== null) return same
  if (database.kind === 'faulty')
    throw parts === undefined ? database.error : partialDatabaseError(database.error, project)
  if (database.kind === 'url') {
    const connection = { ...base, url: database.url }
    const { targetKey } = database
    if (targetKey !== undefined)
      await refuseOtherEnvironment(connection, project, { target: config.target, targetKey })
    return withSameAddress(connection, project)
  }
  if (project.connection.kind !== 'none') return openKnexConnection(base, project)
  if (database.kind === 'none') throw noDatabaseError(config, project, database.error)
  return { ...base, ssl: 'disable', url: await startAsDatabase(config, project, startEmbedded) }
}

/** What is done with each session is the same for every address. */
export function baseConnection(
  { service, ssl }: Config,
  { afterCreate, searchPath }: KnexProject,
): Connection {
  const applicationName = `schemagate ${toNamePart(service.instance)}`
  const base = { url: '', ssl, applicationName }
  return afterCreate === null ? base : { ...base, afterCreate: afterSearchPath(afterCreate, searchPath) }
}

/** Knex sets the searchPath before it calls the hook, which may set another. */
function afterSearchPath(
  afterCreate: NonNullable<KnexProject['afterCreate']>,
  searchPath: readonly string[],
): AfterCreate {
  if (searchPath.length === 0) return afterCreate
  const names = searchPath.map((name) => pg.escapeIdentifier(name)).join(', ')
  return async (client, done) => {
    await client.query(`set search_path to ${names}`)
    return afterCreate(client, done)
  }
}

/**
 * Where the knexfile leads to the configured address too, its further settings count, such as `ssl`: the URL is then usually
 * the environment variable that the knexfile reads. A URL with parameters of its own says everything itself.
 */
async function withSameAddress(connection: Connection, project: KnexProject): Promise<Connection> {
  if (project.connection.kind !== 'settings' || hasOwnParameters(connection.url)) return connection
  const opened = await findKnexConnection(connection, project)
  if (opened === null || describeAddress(addressOf(opened)) !== describeAddress(addressOf(connection)))
    return connection
  const {
    host: _,
    port: __,
    user: ___,
    password: ____,
    database: _____,
    ...settings
  } = project.connection.settings
  const current = async () => ({ ...settings, connectionString: connection.url })
  return { ...connection, driver: { current, hasExpired: () => false } }
}

function hasOwnParameters(url: string): boolean {
  const address = ['host', 'port', 'user', 'password']
  return [...new URL(url).searchParams.keys()].some((name) => !address.includes(name))
}

/** Not where a knexfile is near that may name another database. */
async function startAsDatabase(
  config: Config,
  project: KnexProject,
  startEmbedded: ConnectionSources['startEmbedded'],
): Promise<string> {
  const nearby =
    project.knexfile === null && config.migrations.knexfile === null ? findNearbyKnexfiles(config.root) : []
  if (nearby.length > 0)
    throw noDatabaseError(
      config,
      project,
      new SchemaError('SCHEMA_CONFIG_INVALID', {
        what: 'No database is configured, and the knexfile is not in this folder. Nothing was started.',
      }),
    )
  const where = describeNotFound(config, project)
  return startEmbedded(`no database is configured: ${where}`).catch((error: unknown) => {
    if (!(error instanceof SchemaError)) throw error
    const { code, message: what, facts, choices, cause } = error
    throw new SchemaError(code, {
      what,
      facts: [...facts, ['configured', `no database: ${where}`]],
      choices,
      cause,
    })
  })
}

function describeNotFound({ root }: Config, { knexfile }: KnexProject): string {
  return knexfile === null
    ? `no DATABASE_URL, no DB_HOST, and no knexfile in ${root}`
    : `no DATABASE_URL, no DB_HOST, and no connection in ${knexfile}`
}

/** Whether the knexfile or these keys are meant cannot be told where the knexfile has other values. */
function partialDatabaseError(error: SchemaError, { connection, knexfile }: KnexProject): SchemaError {
  if (connection.kind === 'none' || knexfile === null) return error
  return new SchemaError(error.code, {
    what: error.message,
    facts: [...error.facts, ['knexfile', `${knexfile} does not lead to what the DB_ keys say`]],
    choices: [...error.choices, ['DATABASE_URL=postgres://…', 'names the database']],
  })
}

function noDatabaseError(config: Config, project: KnexProject, error: SchemaError): SchemaError {
  return new SchemaError(error.code, {
    what: error.message,
    facts: [...error.facts, ['looked for', describeNotFound(config, project)]],
    choices: [
      ...error.choices,
      ...(project.knexfile === null ? nearbyKnexfileChoices(config.root) : []),
      ['DATABASE_URL=postgres://…', 'names the database'],
    ],
  })
}
