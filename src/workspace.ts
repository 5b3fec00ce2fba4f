import { existsSync } from 'node:fs'
import type { Config } from './config/config.js'
import { databaseUrlProblem, normalizeUrl } from './config/url.js'
import type { ProgressReporter } from './core/progress/events.js'
import { SchemaError } from './errors/schema-error.js'
import { describeAddress, addressOf } from './postgres/connection/address.js'
import { toNamePart } from './postgres/connection/application-name.js'
import type { Connection } from './postgres/connection/connect.js'
import type { ScratchSources } from './postgres/scratch/scratch.js'
import { type KnexProject, loadProject } from './project/knexfile.js'
import { listMigrations, type Migration } from './project/migration-files.js'

/** What a command works on: a project's migrations, and the database they are for. */
export interface Workspace {
  readonly config: Config
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  /** The application's own role. */
  readonly connection: Connection
  /** The role and the direct connection that migrate. */
  readonly migrationConnection: Connection
  readonly scratch: ScratchSources
  /** Where the snapshot is. */
  readonly snapshotDirectory: string
  /** Stops what was started for it. */
  readonly close: () => Promise<void>
}

export interface WorkspaceOptions {
  /** Whether a project may have no migration yet. Default: SCHEMA_MIGRATIONS_EMPTY. */
  readonly allowNoMigrations?: boolean
}

/**
 * Finds the project and the database of a configuration; starts the embedded PostgreSQL if that is the one.
 * Throws SCHEMA_KNEXFILE_INVALID, SCHEMA_MIGRATIONS_EMPTY, SCHEMA_EMBEDDED_UNAVAILABLE.
 */
export async function openWorkspace(
  config: Config,
  report: ProgressReporter,
  { allowNoMigrations = false }: WorkspaceOptions = {},
): Promise<Workspace> {
  const project = await findProject(config)
  const migrations = await listMigrations(project).catch((error: unknown) => {
    if (allowNoMigrations && error instanceof SchemaError && error.code === 'SCHEMA_MIGRATIONS_EMPTY')
      return []
    throw error
  })
  const embedded = createEmbeddedServer(config, report)
  const connection = await resolveConnection({ config, project, embedded })
  return {
    config,
    project,
    migrations,
    connection,
    migrationConnection: { ...connection, url: config.migrationUrl ?? connection.url },
    scratch: {
      scratch: config.scratchUrl === null ? null : { ...connection, url: config.scratchUrl },
      configured: connection,
      embedded: async () => ({ ...connection, ssl: 'disable', url: await embedded.url() }),
    },
    snapshotDirectory: project.directories[0] ?? config.root,
    close: embedded.stop,
  }
}

/** Opens a workspace, hands it over, and closes it however that goes. */
export async function withWorkspace<T>(
  {
    config,
    report,
    ...opening
  }: WorkspaceOptions & { readonly config: Config; readonly report: ProgressReporter },
  use: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const workspace = await openWorkspace(config, report, opening)
  try {
    return await use(workspace)
  } finally {
    await workspace.close()
  }
}

/** The project of a configuration, without looking at any database. */
export function findProject({ root, target, migrations }: Config): Promise<KnexProject> {
  const { directories, knexfile } = migrations
  return loadProject({ root, directories, knexfile, sections: [target, 'development'] })
}

interface EmbeddedServer {
  readonly url: () => Promise<string>
  readonly stop: () => Promise<void>
}

/** Started when first asked for; PostgreSQL from npm is never used in production. */
function createEmbeddedServer(
  { root, production, database }: Config,
  report: ProgressReporter,
): EmbeddedServer {
  let started: Promise<{ url: string; stop: () => Promise<void> }> | undefined
  const directory = database.kind === 'embedded' ? database.directory : `${root}/.schemagate/postgres`
  const start = async (): Promise<{ url: string; stop: () => Promise<void> }> => {
    if (production)
      throw new SchemaError('SCHEMA_EMBEDDED_UNAVAILABLE', {
        what: 'The embedded PostgreSQL is never used in production.',
      })
    const { startEmbedded } = await import('./postgres/embedded/server.js')
    const fresh = !existsSync(directory)
    const server = await startEmbedded({ directory })
    report({
      event: 'embedded started',
      database: describeAddress(addressOf(server)),
      directory,
      fresh,
      startedHere: server.startedHere,
    })
    return server
  }
  return {
    url: async () => (await (started ??= start())).url,
    // If it could not be started, `url` has thrown the reason.
    stop: async () => (await started?.catch(() => null))?.stop(),
  }
}

interface ConnectionSources {
  readonly config: Config
  readonly project: KnexProject
  readonly embedded: EmbeddedServer
}

async function resolveConnection({ config, project, embedded }: ConnectionSources): Promise<Connection> {
  const { service, ssl, database } = config
  const applicationName = `schemagate ${toNamePart(service.instance)}`
  if (database.kind === 'url') return { url: database.url, ssl, applicationName }
  if (project.databaseUrl !== null) return { url: usableUrl(project.databaseUrl), ssl, applicationName }
  return { url: await embedded.url(), ssl: 'disable', applicationName }
}

function usableUrl(url: string): string {
  const problem = databaseUrlProblem(url)
  if (problem === undefined) return normalizeUrl(url)
  throw new SchemaError('SCHEMA_KNEXFILE_INVALID', {
    what: `The knexfile's connection cannot be used: its URL ${problem}. Nothing was done.`,
    choices: [
      ['correct the connection', 'or what it is made from'],
      ['--database-url URL', 'names the database instead'],
    ],
  })
}
