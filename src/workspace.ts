import type { Config } from './config/config.js'
import { refuseUnknownTarget } from './config/known-targets.js'
import { maskUrl } from './config/url.js'
import type { ProgressReporter } from './core/progress/events.js'
import { SchemaError } from './errors/schema-error.js'
import { baseConnection, resolveConnection } from './postgres/configured/configured-database.js'
import {
  embeddedDirectoryOf,
  type EmbeddedServers,
  embeddedServersOf,
  scratchDirectoryOf,
} from './postgres/configured/embedded-servers.js'
import { findSameConnection, openKnexConnection } from './postgres/configured/knexfile-database.js'
import type { Connection } from './postgres/connection/connect.js'
import type { ScratchSources } from './postgres/scratch/scratch.js'
import type { KnexProject } from './project/knex-project.js'
import { loadProject } from './project/knexfile.js'
import { listMigrations, type Migration } from './project/migration-files.js'
import { withNearbyKnexfiles } from './project/nearby-knexfile.js'
import { findKnexfile, listSections } from './project/read-knexfile.js'

/** A project's migrations, and where they can be replayed. */
export interface ProjectWorkspace {
  readonly config: Config
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  readonly scratch: ScratchSources
  /** The configured database, which need not answer; null where none is configured. */
  readonly findDatabase: () => Promise<Connection | null>
  /** How another database is reached: with the settings of the project that belong to no address. */
  readonly connectionTo: (url: string) => Connection
  /** Where the snapshot is written. */
  readonly snapshotDirectory: string
  /** Where the snapshot is looked for, one folder after the other. */
  readonly snapshotFolders: readonly string[]
  /** Aborted when the command is asked to stop. */
  readonly signal: AbortSignal | undefined
  /** Stops what was started for it. */
  readonly close: () => Promise<void>
}

/** What a command works on: a project's migrations, and the database they are for. */
export interface Workspace extends ProjectWorkspace {
  /** The application's own role. */
  readonly connection: Connection
  /** The role and the direct connection that migrate. */
  readonly migrationConnection: Connection
}

export interface WorkspaceOptions {
  /** Whether a project may have no migration yet. Default: SCHEMA_MIGRATIONS_EMPTY. */
  readonly allowNoMigrations?: boolean
  /** Stops what is started for the workspace: SCHEMA_INTERRUPTED. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Finds the project and the database of a configuration; starts the embedded PostgreSQL if that is the one.
 * Throws SCHEMA_CONFIG_INVALID, SCHEMA_KNEXFILE_INVALID, SCHEMA_MIGRATIONS_EMPTY, SCHEMA_EMBEDDED_UNAVAILABLE.
 */
export async function openWorkspace(
  config: Config,
  report: ProgressReporter,
  options: WorkspaceOptions = {},
): Promise<Workspace> {
  const { project, migrations } = await readProject(config, options)
  const servers = embeddedServersOf(config, report, options.signal)
  const connection = await resolveConnection({ config, project, startEmbedded: servers.database.url })
  const findDatabase = async (): Promise<Connection> => connection
  return {
    ...projectWorkspace(config, { project, migrations }, servers, connection),
    findDatabase,
    connection,
    migrationConnection: otherAddress(connection, config.migrationUrl ?? connection.url),
  }
}

/** The same for what needs no database but a scratch one: a database that is not configured is no error. */
async function openProjectWorkspace(
  config: Config,
  report: ProgressReporter,
  options: WorkspaceOptions,
): Promise<ProjectWorkspace> {
  const read = await readProject(config, options)
  const { project } = read
  const servers = embeddedServersOf(config, report, options.signal)
  const findDatabase = (): Promise<Connection | null> =>
    resolveConnection({ config, project, startEmbedded: servers.database.url }).catch((error: unknown) => {
      if (error instanceof SchemaError && error.code !== 'SCHEMA_INTERRUPTED') return null
      throw error
    })
  const isNeeded = config.scratchUrl !== null && config.database.kind !== 'embedded'
  const connection = isNeeded ? await findDatabase() : null
  return { ...projectWorkspace(config, read, servers, connection), findDatabase }
}

interface ReadProject {
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
}

async function readProject(
  config: Config,
  { allowNoMigrations = false }: WorkspaceOptions,
): Promise<ReadProject> {
  const project = await findProject(config)
  const migrations = await listMigrations(project).catch((error: unknown) => {
    if (!(error instanceof SchemaError) || error.code !== 'SCHEMA_MIGRATIONS_EMPTY') throw error
    if (allowNoMigrations || config.buildFrom.kind === 'models') return []
    throw project.knexfile === null && config.migrations.knexfile === null
      ? withNearbyKnexfiles(error, config.root)
      : error
  })
  return { project, migrations }
}

/** The settings of the configured database count for a scratch database too, where both have the same URL. */
function projectWorkspace(
  config: Config,
  { project, migrations }: ReadProject,
  servers: EmbeddedServers,
  connection: Connection | null,
): Omit<ProjectWorkspace, 'findDatabase'> {
  const base = connection ?? baseConnection(config, project)
  const snapshotFolders = snapshotFoldersOf(config, project)
  return {
    config,
    project,
    migrations,
    scratch: {
      scratch: config.scratchUrl === null ? null : otherAddress(base, config.scratchUrl),
      prelude: config.scratchPrelude,
      embedded: async () => ({ ...otherAddress(base, await servers.scratch.url('')), ssl: 'disable' }),
    },
    connectionTo: (url) => ({ ...otherAddress(base, url), ssl: null }),
    snapshotDirectory: snapshotFolders[0] ?? config.root,
    snapshotFolders,
    signal: servers.database.signal,
    close: async () => {
      await Promise.all([servers.database.stop(), servers.scratch.stop()])
    },
  }
}

/**
 * Beside the migrations, else beside those that the knexfile names (the sources of a compiled folder), else in the
 * project's folder.
 */
export function snapshotFoldersOf(
  { root }: Pick<Config, 'root'>,
  { directories, ownDirectories, sourceDirectories }: KnexProject,
): readonly string[] {
  const named = [directories, ownDirectories, sourceDirectories].flatMap((list) => list.slice(0, 1))
  return [...new Set([...named, root])]
}

/** A different URL for the same purpose: the settings of the knexfile belong to its own address. */
function otherAddress({ driver, ...connection }: Connection, url: string): Connection {
  return driver !== undefined && url === connection.url ? { ...connection, driver } : { ...connection, url }
}

type OpenOptions = WorkspaceOptions & { readonly config: Config; readonly report: ProgressReporter }

/** Opens a workspace, hands it over, and closes it however that goes. */
export async function withWorkspace<T>(
  { config, report, ...opening }: OpenOptions,
  use: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  return useAndClose(await openWorkspace(config, report, opening), use)
}

/** The same without a database of its own: only the folder and a scratch database are used. */
export async function withProjectWorkspace<T>(
  { config, report, ...opening }: OpenOptions,
  use: (workspace: ProjectWorkspace) => Promise<T>,
): Promise<T> {
  return useAndClose(await openProjectWorkspace(config, report, opening), use)
}

async function useAndClose<W extends { readonly close: () => Promise<void> }, T>(
  workspace: W,
  use: (workspace: W) => Promise<T>,
): Promise<T> {
  try {
    return await use(workspace)
  } finally {
    await workspace.close()
  }
}

/** The project of a configuration, without looking at any database. */
export async function findProject(config: Config): Promise<KnexProject> {
  const { root, target, migrations } = config
  const { directories, knexfile } = migrations
  const project = await loadProject({ root, directories, knexfile, sections: [target, 'development'] })
  refuseUnknownTarget(config, project.environments)
  return project
}

/**
 * The database of a configuration, without connecting to it. Throws SCHEMA_EMBEDDED_UNAVAILABLE where it is the embedded
 * PostgreSQL and that does not run.
 */
export async function findConnection(config: Config): Promise<Connection> {
  const startEmbedded = async (): Promise<string> => {
    const { findEmbedded, notRunningError } = await import('./postgres/embedded/server.js')
    const directory = embeddedDirectoryOf(config)
    return (await findEmbedded({ directory })) ?? Promise.reject(notRunningError(directory))
  }
  return resolveConnection({ config, project: await findProject(config), startEmbedded })
}

/** The masked URL to which the knexfile leads, without calling a function of it; null where its connection is not the one. */
export async function describeKnexfileDatabase(config: Config, project: KnexProject): Promise<string | null> {
  const { kind, parts } = { parts: undefined, ...config.database }
  const isOther = parts === undefined || project.connection.kind === 'function'
  const isNamed = (kind === 'url' && isOther) || (kind === 'faulty' && parts === undefined)
  if (isNamed || project.connection.kind === 'none') return null
  if (project.connection.kind === 'function') return 'made by a function'
  const base = baseConnection(config, project)
  const opened =
    parts === undefined
      ? await openKnexConnection(base, project)
      : await findSameConnection(base, project, parts)
  return opened === null ? null : maskUrl(opened.url)
}

/** The environments that have a section in the knexfile of a configuration. */
export async function listEnvironments({ root, migrations }: Config): Promise<readonly string[]> {
  const file = migrations.knexfile === 'none' ? null : (migrations.knexfile ?? findKnexfile(root))
  return file === null ? [] : listSections(file)
}

/** The directory of the embedded PostgreSQL on which migrations are replayed; null where it is not installed. */
export async function findInstalledScratch(config: Config): Promise<string | null> {
  const { isEmbeddedInstalled } = await import('./postgres/embedded/package.js')
  const directory = scratchDirectoryOf(config)
  return isEmbeddedInstalled(directory) ? directory : null
}
