import { dirname, resolve } from 'node:path'
import type { Knex } from 'knex'
import { isRecord } from '../core/text/is-record.js'
import { readHooks } from './knex-hooks.js'
import type { KnexProject, MigrationTemplate } from './knex-project.js'
import { type KnexConnection, readConnection } from './knexfile-connection.js'
import { customClientOf, namesFiles, unusableSetting } from './knexfile-rules.js'
import {
  findKnexfile,
  invalidKnexfileError,
  type KnexfileSection,
  readKnexfile,
  supportedExtensions,
} from './read-knexfile.js'
import { readSeeds } from './seed-files.js'
import { toTextList } from './text-list.js'

export interface ProjectLocation {
  readonly root: string
  /** Folders from a flag or MIGRATIONS_DIR, which replace those of the knexfile. */
  readonly directories: readonly string[] | null
  /** The path of a knexfile; `none` reads none; null for the one in `root`. */
  readonly knexfile: string | null
  /** Names of sections of the knexfile: that of the environment, then others to take settings from. */
  readonly sections: readonly string[]
}

/** Settings that are read here, and those of the application's own pool and log. */
const ownSettings: ReadonlySet<string> = new Set([
  'client',
  'dialect',
  'connection',
  'connectionPool',
  'pool',
  'migrations',
  'seeds',
  'debug',
  'ext',
  'acquireConnectionTimeout',
])

/**
 * Loads the Knex project from the named knexfile, else from the one in `root`. Uses Knex's defaults where there is no
 * knexfile. Throws SCHEMA_KNEXFILE_INVALID.
 */
export async function loadProject(location: ProjectLocation): Promise<KnexProject> {
  const { root, directories, knexfile, sections } = location
  const file = knexfile === 'none' ? null : (knexfile ?? findKnexfile(root))
  if (file === null) return buildProject({ ...withoutKnexfile, base: root, directories })
  const section = await readKnexfile(file, sections)
  const { settings, environments, development } = section
  const why = unusableSetting(settings)
  if (why !== undefined) throw invalidKnexfileError(file, { why })
  const connection = connectionOf(section, sections)
  return buildProject({
    file,
    environments,
    settings,
    development,
    connection,
    base: dirname(file),
    directories,
  })
}

/** The database of another environment is not meant, and no other one is started in its place. */
function connectionOf(
  { settings, own, environments, namesDatabase }: KnexfileSection,
  [target = '']: readonly string[],
): KnexConnection {
  if (!own)
    return { kind: 'unusable', why: `there is no section "${target}", but ${environments.join(', ')}` }
  const connection = readConnection(settings)
  return connection.kind === 'none' && namesDatabase
    ? { kind: 'unusable', why: `the section "${target}" has none, and others have` }
    : connection
}

interface ProjectSource {
  readonly file: string | null
  readonly environments: readonly string[]
  readonly settings: Readonly<Record<string, unknown>>
  readonly development: Readonly<Record<string, unknown>>
  readonly connection: KnexConnection
  /** The folder in which relative paths begin. */
  readonly base: string
  readonly directories: readonly string[] | null
}

const withoutKnexfile = {
  file: null,
  environments: [],
  settings: {},
  development: {},
  connection: { kind: 'none' },
} as const satisfies Partial<ProjectSource>

function buildProject(project: ProjectSource): KnexProject {
  const { file, environments, settings, development, connection, base, directories } = project
  const migrations = migrationsOf(settings)
  const source = sourceOf(migrations)
  const ownDirectories = directoriesOf(settings, base)
  const client = customClientOf(settings['client'])
  return {
    knexfile: file,
    environments,
    directories: directories ?? ownDirectories,
    ownDirectories,
    sourceDirectories: directoriesOf(development, base),
    sortDirsSeparately: migrations['sortDirsSeparately'] === true,
    loadExtensions: toTextList(migrations['loadExtensions'], ...supportedExtensions),
    tableName: nonEmptyText(migrations['tableName']) ?? 'knex_migrations',
    schemaName: nonEmptyText(migrations['schemaName']),
    searchPath: toTextList(settings['searchPath']),
    disableTransactions: migrations['disableTransactions'] === true,
    source: directories === null && sourceDirectories(source) === null ? source : null,
    recordsRevisions: sourceDirectories(source) !== null,
    hooks: readHooks(migrations),
    connection,
    afterCreate: afterCreateOf(settings['pool']),
    seeds: readSeeds(settings['seeds'], base),
    template: templateOf(migrations),
    settings: {
      ...Object.fromEntries(Object.entries(settings).filter(([name]) => !ownSettings.has(name))),
      ...(client === null ? {} : { client }),
    },
  }
}

function migrationsOf(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return isRecord(settings['migrations']) ? settings['migrations'] : {}
}

function directoriesOf(settings: Readonly<Record<string, unknown>>, base: string): readonly string[] {
  const migrations = migrationsOf(settings)
  const source = sourceOf(migrations)
  const named = toTextList(migrations['directory'], ...defaultFolders(source))
  return sourceDirectories(source) ?? named.map((path) => resolve(base, path))
}

/** Of an extension such as `ts-schema` the first part is that of the file. */
function templateOf({ extension, stub, variables }: ProjectSource['settings']): MigrationTemplate {
  const ending = nonEmptyText(extension)?.split('-')[0]
  return {
    extension: ending === undefined ? null : `.${ending}`,
    stub: nonEmptyText(stub),
    variables: isRecord(variables) ? variables : {},
  }
}

function afterCreateOf(pool: unknown): KnexProject['afterCreate'] {
  const hook = isRecord(pool) ? pool['afterCreate'] : null
  return isAfterCreate(hook) ? hook : null
}

function isAfterCreate(value: unknown): value is NonNullable<KnexProject['afterCreate']> {
  return typeof value === 'function'
}

function sourceOf(migrations: Readonly<Record<string, unknown>>): Knex.MigrationSource<unknown> | null {
  const { migrationSource: source } = migrations
  return !namesFiles(migrations) && isMigrationSource(source) ? source : null
}

/** Knex reads no folder where the project has a migration source. */
function defaultFolders(source: unknown): readonly string[] {
  return source === null ? ['./migrations'] : []
}

/** The folders of a source that `knexMigrationSource` has made. */
function sourceDirectories(source: unknown): readonly string[] | null {
  return isRecord(source) && Array.isArray(source['directories']) ? source['directories'].map(String) : null
}

function nonEmptyText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function isMigrationSource(value: unknown): value is Knex.MigrationSource<unknown> {
  return (
    isRecord(value) &&
    ['getMigrations', 'getMigrationName', 'getMigration'].every((name) => typeof value[name] === 'function')
  )
}
