import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Knex } from 'knex'
import { isRecord } from '../core/text/is-record.js'
import { toPrintable } from '../core/text/printable.js'
import { errorMessage } from '../core/text/redact.js'
import { type ErrorChoice, SchemaError } from '../errors/schema-error.js'
import { importModule, runsTypeScript } from './import-module.js'
import type { KnexProject } from './knexfile.js'

/** One migration of this build. */
export interface Migration {
  /** The name without extension. */
  readonly revision: string
  /** The file's name, null for a migration of a custom source. */
  readonly file: string | null
  readonly path: string | null
  /** The name a custom source gives it, which plain Knex will look for in the ledger; null for a file. */
  readonly sourceName: string | null
  /** `sha256:` of the text, whatever its line endings and byte-order marks; null without a file. */
  readonly checksum: string | null
  readonly load: () => Promise<LoadedMigration>
}

export interface LoadedMigration {
  readonly up: (knex: Knex) => unknown
  /** Null where the migration has none. */
  readonly down: ((knex: Knex) => unknown) | null
  /** Whether it wants a transaction, null where it does not say. */
  readonly transaction: boolean | null
}

const migrationExtension = /\.(?:[cm]?[jt]s|co|coffee|eg|iced|litcoffee|ls)$/
const typeScriptFirst = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']
const javaScriptFirst = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']

/** A migration's name without its extension, as Knex recorded it or as the file is called. */
export function revisionOf(name: string): string {
  return name.replace(migrationExtension, '')
}

/**
 * The name to record a migration under. A ledger that plain Knex began goes on with its extension, whatever the file's
 * is now: plain Knex refuses a ledger of two habits. A new ledger gets bare revisions.
 */
export function ledgerName(
  { revision, sourceName }: Pick<Migration, 'revision' | 'sourceName'>,
  recorded: readonly string[],
): string {
  const last = recorded.at(-1) ?? ''
  return sourceName ?? `${revision}${last.slice(revisionOf(last).length)}`
}

/**
 * The migrations of a project in the order Knex would run them: by file name over all folders, or folder by folder.
 * A `.ts` and a `.js` of the same name in one folder are one. Throws SCHEMA_MIGRATIONS_EMPTY: no migrations, no success.
 */
export async function listMigrations(project: KnexProject): Promise<readonly Migration[]> {
  const { source } = project
  const migrations = source === null ? await listFromFiles(project) : await listFromSource(project, source)
  if (migrations.length > 0) return migrations
  throw source === null ? emptyFolderError(project, 'holds no migration') : emptySourceError()
}

async function listFromSource(
  { loadExtensions }: KnexProject,
  source: Knex.MigrationSource<unknown>,
): Promise<readonly Migration[]> {
  const entries = await source.getMigrations(loadExtensions)
  return entries.map((entry) => {
    const sourceName = source.getMigrationName(entry)
    const revision = revisionOf(sourceName)
    const load = async () => toLoadedMigration(revision, await source.getMigration(entry))
    return { revision, file: null, path: null, sourceName, checksum: null, load }
  })
}

interface FoundFile {
  readonly file: string
  readonly directory: string
}

async function listFromFiles(project: KnexProject): Promise<readonly Migration[]> {
  const folders = await Promise.all(project.directories.map((directory) => listFilesIn(project, directory)))
  const found = project.sortDirsSeparately ? folders.flat() : folders.flat().sort(compareFileNames)
  refuseDuplicateRevisions(found)
  return Promise.all(found.map(readMigrationFile))
}

async function listFilesIn(project: KnexProject, directory: string): Promise<readonly FoundFile[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw emptyFolderError(project, `cannot be read: ${errorMessage(cause)}`)
  })
  const files = names
    .filter((name) => project.loadExtensions.includes(extname(name)) && !/\.d\.[cm]?ts$/.test(name))
    .sort()
  refuseUnprintableNames(directory, files)
  return chooseFilePerRevision(files).map((file) => ({ file, directory }))
}

/** A revision stands in lines, in commands to be copied and in the ledger. */
function refuseUnprintableNames(directory: string, files: readonly string[]): void {
  const unseen = files.filter((file) => toPrintable(file) !== file)
  if (unseen.length === 0) return
  throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
    what: 'The name of a migration has line breaks or other characters that cannot be seen. Nothing was done.',
    facts: [['files', unseen.map((file) => join(directory, file))]],
    choices: [['rename it', 'if it was never applied anywhere']],
  })
}

function chooseFilePerRevision(files: readonly string[]): readonly string[] {
  const order = runsTypeScript ? typeScriptFirst : javaScriptFirst
  const chosen = new Map<string, string>()
  for (const file of files) {
    const twin = chosen.get(revisionOf(file))
    if (twin === undefined || order.indexOf(extname(file)) < order.indexOf(extname(twin)))
      chosen.set(revisionOf(file), file)
  }
  return [...chosen.values()]
}

function refuseDuplicateRevisions(found: readonly FoundFile[]): void {
  const seen = new Map<string, FoundFile>()
  for (const each of found) {
    const twin = seen.get(revisionOf(each.file))
    if (twin !== undefined)
      throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
        what: `Two migrations are called ${revisionOf(each.file)}; the ledger could not tell them apart. Nothing was done.`,
        facts: [['files', [join(twin.directory, twin.file), join(each.directory, each.file)]]],
        choices: [['rename one of them', 'if it was never applied anywhere']],
      })
    seen.set(revisionOf(each.file), each)
  }
}

async function readMigrationFile({ file, directory }: FoundFile): Promise<Migration> {
  const path = join(directory, file)
  const revision = revisionOf(file)
  const load = async (): Promise<LoadedMigration> => toLoadedMigration(revision, await importMigration(path))
  const checksum = checksumOf(await readFile(path, 'utf8'))
  return { revision, file, path, sourceName: null, checksum, load }
}

async function importMigration(path: string): Promise<unknown> {
  return importModule(path).catch((cause: unknown) => {
    throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
      what: 'A migration file could not be loaded. Nothing was done.',
      facts: [
        ['file', path],
        ['error', errorMessage(cause)],
      ],
      choices: loadFailureChoices(path, cause),
      cause,
    })
  })
}

function loadFailureChoices(path: string, cause: unknown): readonly ErrorChoice[] {
  const code = isRecord(cause) ? String(cause['code']) : ''
  if (/^(?:ERR_)?MODULE_NOT_FOUND$/.test(code))
    return [
      ['npm install', 'brings the modules it imports'],
      [`NODE_OPTIONS='--import tsx'`, 'finds modules by path alias and without extension, as tsx does'],
    ]
  if (/\.[cm]?ts$/.test(path) && (cause instanceof SyntaxError || code === 'ERR_UNKNOWN_FILE_EXTENSION'))
    return [
      ['npm install --save-dev tsx', 'loads TypeScript migrations'],
      ['--migrations DIR', 'names a folder with migrations built to JavaScript'],
    ]
  return [['correct the file', 'or set what it asks for: it threw while it was loaded']]
}

/** The default export first: of CommonJS it is all of `module.exports`, beside names of which Node finds only some. */
function toLoadedMigration(revision: string, exports: unknown): LoadedMigration {
  const candidates = [
    nestedDefaultExport(exports),
    exports,
    nestedDefaultExport(nestedDefaultExport(exports)),
  ]
  for (const candidate of candidates) {
    if (!isRecord(candidate) || !isMigrationFunction(candidate['up'])) continue
    const { up, down, config } = candidate
    const transaction =
      isRecord(config) && typeof config['transaction'] === 'boolean' ? config['transaction'] : null
    return {
      up: up.bind(candidate),
      down: isMigrationFunction(down) ? down.bind(candidate) : null,
      transaction,
    }
  }
  throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
    what: `Migration ${revision} exports no up function. Nothing was done.`,
    choices: [['export async function up(knex) { … }', 'is what a migration needs']],
  })
}

function nestedDefaultExport(exports: unknown): unknown {
  return isRecord(exports) ? exports['default'] : undefined
}

function isMigrationFunction(value: unknown): value is (knex: Knex) => unknown {
  return typeof value === 'function'
}

function compareFileNames(one: FoundFile, other: FoundFile): number {
  return one.file < other.file ? -1 : one.file > other.file ? 1 : 0
}

function checksumOf(text: string): string {
  const normalised = text.replace(/^\uFEFF+/, '').replaceAll(/\r\n?/g, '\n')
  return `sha256:${createHash('sha256').update(normalised).digest('hex')}`
}

function emptyFolderError({ directories }: KnexProject, why: string): SchemaError {
  return new SchemaError('SCHEMA_MIGRATIONS_EMPTY', {
    what: `The migrations folder ${why}. Nothing was done.`,
    facts: [['folder', directories]],
    choices: [
      ['--migrations DIR', 'names the folder'],
      ['schemagate new NAME', 'writes the first migration'],
    ],
  })
}

function emptySourceError(): SchemaError {
  return new SchemaError('SCHEMA_MIGRATIONS_EMPTY', {
    what: "The knexfile's migration source gives no migration. Nothing was done.",
    choices: [['--migrations DIR', 'names a folder to read instead']],
  })
}
