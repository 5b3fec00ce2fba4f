import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Knex } from 'knex'
import { urlOfParts } from '../config/url.js'
import { isRecord } from '../core/text/is-record.js'
import { saidBy } from '../core/text/redact.js'
import { SchemaError } from '../errors/schema-error.js'
import { importModule } from './import-module.js'

/** How a Knex project keeps its migrations: what Knex would read from its knexfile, with Knex's defaults filled in. */
export interface KnexProject {
  readonly directories: readonly string[]
  readonly sortDirsSeparately: boolean
  readonly loadExtensions: readonly string[]
  readonly tableName: string
  readonly schemaName: string | null
  readonly searchPath: readonly string[]
  readonly disableTransactions: boolean
  /** A migration source of the project's own; null where files are read. */
  readonly source: Knex.MigrationSource<unknown> | null
  /** The URL of the knexfile's connection, null where it has none that can be used. */
  readonly databaseUrl: string | null
  /** The knexfile's other settings, for the Knex instance that migrates. */
  readonly settings: Readonly<Record<string, unknown>>
}

export interface ProjectLocation {
  readonly root: string
  /** Folders named by flag or MIGRATIONS_DIR; they win over the knexfile's. */
  readonly directories: readonly string[] | null
  readonly knexfile: string | null
  /** Names of the knexfile's section to use, the first that exists. */
  readonly sections: readonly string[]
}

const ourExtensions = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts']
const knexfileNames = ourExtensions.map((extension) => `knexfile${extension}`)
const passedOn = ['wrapIdentifier', 'postProcessResponse', 'userParams', 'searchPath', 'asyncStackTraces']

/**
 * The Knex project at a place: the knexfile that is named, else, where no folder is named either, the one in `root`;
 * without one, Knex's defaults. Throws SCHEMA_KNEXFILE_INVALID.
 */
export async function loadProject(location: ProjectLocation): Promise<KnexProject> {
  const file = location.knexfile ?? (location.directories === null ? findKnexfile(location.root) : null)
  const settings = file === null ? {} : await readKnexfile(file, location.sections)
  const base = file === null ? location.root : dirname(file)
  return projectFrom(settings, { base, directories: location.directories })
}

function findKnexfile(root: string): string | null {
  return knexfileNames.map((name) => join(root, name)).find((path) => existsSync(path)) ?? null
}

async function readKnexfile(
  file: string,
  sections: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const value = await exportedBy(file).catch((cause: unknown) => {
    throw invalid(file, `it could not be loaded: ${saidBy(cause)}`, cause)
  })
  if (!isRecord(value)) throw invalid(file, 'it exports no settings')
  const section = sections.map((name) => (Object.hasOwn(value, name) ? value[name] : null)).find(isRecord)
  return section ?? value
}

async function exportedBy(file: string): Promise<unknown> {
  const exported = unwrapDefault(await importModule(file))
  const value: unknown = typeof exported === 'function' ? await exported() : exported
  return value
}

/** CommonJS that was made from an ES module has its default export inside what Node calls the default one. */
function unwrapDefault(exports: Readonly<Record<string, unknown>>): unknown {
  const { default: exported = exports } = exports
  if (!isRecord(exported)) return exported
  const { default: inner } = exported
  return isRecord(inner) || typeof inner === 'function' ? inner : exported
}

function invalid(file: string, why: string, cause?: unknown): SchemaError {
  return new SchemaError('SCHEMA_KNEXFILE_INVALID', {
    what: `The knexfile cannot be used: ${why}.`,
    facts: [['knexfile', file]],
    choices: [
      ['--knexfile FILE', 'names another one'],
      ['--migrations DIR', 'names the migrations folder and reads no knexfile'],
    ],
    cause,
  })
}

interface Place {
  readonly base: string
  readonly directories: readonly string[] | null
}

function projectFrom(settings: Readonly<Record<string, unknown>>, { base, directories }: Place): KnexProject {
  const { migrations: value } = settings
  const migrations = isRecord(value) ? value : {}
  const { schemaName, migrationSource: source } = migrations
  return {
    directories:
      directories ??
      foldersOf(source) ??
      listOf(migrations['directory'], ...defaultFolders(source)).map((path) => resolve(base, path)),
    sortDirsSeparately: migrations['sortDirsSeparately'] === true,
    loadExtensions: listOf(migrations['loadExtensions'], ...ourExtensions),
    tableName: textOf(migrations['tableName']) ?? 'knex_migrations',
    schemaName: textOf(schemaName),
    searchPath: listOf(settings['searchPath']),
    disableTransactions: migrations['disableTransactions'] === true,
    source: directories === null && foldersOf(source) === null && isMigrationSource(source) ? source : null,
    databaseUrl: urlOf(settings['connection']),
    settings: Object.fromEntries(Object.entries(settings).filter(([name]) => passedOn.includes(name))),
  }
}

/** A source of the project's own need not read any folder. */
function defaultFolders(source: unknown): readonly string[] {
  return isMigrationSource(source) ? [] : ['./migrations']
}

/** A source made by `knexMigrationSource` reads folders, as we do. */
function foldersOf(source: unknown): readonly string[] | null {
  return isRecord(source) && Array.isArray(source['directories']) ? source['directories'].map(String) : null
}

function listOf(value: unknown, ...fallback: readonly string[]): readonly string[] {
  if (value === undefined || value === null) return fallback
  return [value].flat().map(String)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function isMigrationSource(value: unknown): value is Knex.MigrationSource<unknown> {
  return (
    isRecord(value) &&
    ['getMigrations', 'getMigrationName', 'getMigration'].every((name) => typeof value[name] === 'function')
  )
}

/** A knexfile's connection may be a URL or pg's settings, with pg's defaults; a function of the project's own is not called. */
function urlOf(connection: unknown): string | null {
  if (typeof connection === 'string') return connection
  if (!isRecord(connection)) return null
  if (typeof connection['connectionString'] === 'string') return connection['connectionString']
  const { host = 'localhost', port = 5432, user, password, database: name } = connection
  if (typeof host !== 'string' || typeof name !== 'string') return null
  return urlOfParts({
    host,
    port: String(port),
    user: textOf(user) ?? '',
    password: textOf(password) ?? '',
    name,
  })
}
