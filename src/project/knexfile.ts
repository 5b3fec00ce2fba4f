import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Knex } from 'knex'
import { urlOfParts } from '../config/url.js'
import { isRecord } from '../core/text/is-record.js'
import { errorMessage } from '../core/text/redact.js'
import { SchemaError } from '../errors/schema-error.js'
import { importModule } from './import-module.js'

/** The settings of a Knex project: what Knex reads from the knexfile, with Knex's defaults. */
export interface KnexProject {
  readonly directories: readonly string[]
  readonly sortDirsSeparately: boolean
  readonly loadExtensions: readonly string[]
  readonly tableName: string
  readonly schemaName: string | null
  readonly searchPath: readonly string[]
  readonly disableTransactions: boolean
  /** The project's own migration source; null where migrations are files. */
  readonly source: Knex.MigrationSource<unknown> | null
  /** The URL of the knexfile's connection; null where it has none that a URL can express. */
  readonly databaseUrl: string | null
  /** Further settings of the knexfile, for the Knex instance that migrates. */
  readonly settings: Readonly<Record<string, unknown>>
}

export interface ProjectLocation {
  readonly root: string
  /** Folders from a flag or MIGRATIONS_DIR, which replace those of the knexfile. */
  readonly directories: readonly string[] | null
  readonly knexfile: string | null
  /** Names of sections of the knexfile. The first that exists is used. */
  readonly sections: readonly string[]
}

const supportedExtensions = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts']
const knexfileNames = supportedExtensions.map((extension) => `knexfile${extension}`)
const forwardedSettings = [
  'wrapIdentifier',
  'postProcessResponse',
  'userParams',
  'searchPath',
  'asyncStackTraces',
]

/**
 * Loads the Knex project from the named knexfile. Without one: from the knexfile in `root`, unless folders are named. Uses
 * Knex's defaults where there is no knexfile. Throws SCHEMA_KNEXFILE_INVALID.
 */
export async function loadProject(location: ProjectLocation): Promise<KnexProject> {
  const file = location.knexfile ?? (location.directories === null ? findKnexfile(location.root) : null)
  const settings = file === null ? {} : await readKnexfile(file, location.sections)
  const base = file === null ? location.root : dirname(file)
  return buildProject(settings, base, location.directories)
}

function findKnexfile(root: string): string | null {
  return knexfileNames.map((name) => join(root, name)).find((path) => existsSync(path)) ?? null
}

async function readKnexfile(
  file: string,
  sections: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const value = await readDefaultExport(file).catch((cause: unknown) => {
    throw invalidKnexfileError(file, `it could not be loaded: ${errorMessage(cause)}`, cause)
  })
  if (!isRecord(value)) throw invalidKnexfileError(file, 'it exports no settings')
  const section = sections.map((name) => (Object.hasOwn(value, name) ? value[name] : null)).find(isRecord)
  return section ?? value
}

async function readDefaultExport(file: string): Promise<unknown> {
  const exported = unwrapDefault(await importModule(file))
  const value: unknown = typeof exported === 'function' ? await exported() : exported
  return value
}

/** CommonJS that was compiled from an ES module has its default export inside Node's default export. */
function unwrapDefault(exports: Readonly<Record<string, unknown>>): unknown {
  const { default: exported = exports } = exports
  if (!isRecord(exported)) return exported
  const { default: inner } = exported
  return isRecord(inner) || typeof inner === 'function' ? inner : exported
}

function invalidKnexfileError(file: string, why: string, cause?: unknown): SchemaError {
  return new SchemaError('SCHEMA_KNEXFILE_INVALID', {
    what: `The knexfile cannot be used: ${why}.`,
    facts: [['knexfile', file]],
    choices: [
      ['--knexfile FILE', 'names a different one'],
      ['--migrations DIR', 'names the migrations folder and reads no knexfile'],
    ],
    cause,
  })
}

function buildProject(
  settings: Readonly<Record<string, unknown>>,
  base: string,
  directories: readonly string[] | null,
): KnexProject {
  const migrations = isRecord(settings['migrations']) ? settings['migrations'] : {}
  const { schemaName, migrationSource: source } = migrations
  return {
    directories:
      directories ??
      sourceDirectories(source) ??
      toTextList(migrations['directory'], ...defaultFolders(source)).map((path) => resolve(base, path)),
    sortDirsSeparately: migrations['sortDirsSeparately'] === true,
    loadExtensions: toTextList(migrations['loadExtensions'], ...supportedExtensions),
    tableName: nonEmptyText(migrations['tableName']) ?? 'knex_migrations',
    schemaName: nonEmptyText(schemaName),
    searchPath: toTextList(settings['searchPath']),
    disableTransactions: migrations['disableTransactions'] === true,
    source:
      directories === null && sourceDirectories(source) === null && isMigrationSource(source) ? source : null,
    databaseUrl: connectionUrlOf(settings['connection']),
    settings: Object.fromEntries(
      Object.entries(settings).filter(([name]) => forwardedSettings.includes(name)),
    ),
  }
}

/** Knex reads no folder where the project has a migration source. */
function defaultFolders(source: unknown): readonly string[] {
  return isMigrationSource(source) ? [] : ['./migrations']
}

/** The folders of a source that `knexMigrationSource` has made. */
function sourceDirectories(source: unknown): readonly string[] | null {
  return isRecord(source) && Array.isArray(source['directories']) ? source['directories'].map(String) : null
}

function toTextList(value: unknown, ...fallback: readonly string[]): readonly string[] {
  if (value === undefined || value === null) return fallback
  return [value].flat().map(String)
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

/** The connection may be a URL or settings of pg, with pg's defaults. A function is not called. */
function connectionUrlOf(connection: unknown): string | null {
  if (typeof connection === 'string') return connection
  if (!isRecord(connection)) return null
  if (typeof connection['connectionString'] === 'string') return connection['connectionString']
  const { host = 'localhost', port = 5432, user, password, database: name } = connection
  if (typeof host !== 'string' || typeof name !== 'string') return null
  return urlOfParts({
    host,
    port: String(port),
    user: nonEmptyText(user) ?? '',
    password: nonEmptyText(password) ?? '',
    name,
  })
}
