import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Knex } from 'knex'
import { toPrintable } from '../core/text/printable.js'
import { errorMessage } from '../core/text/redact.js'
import { SchemaError } from '../errors/schema-error.js'
import { runsTypeScript } from './import-module.js'
import { inProjectFolder } from './in-folder.js'
import { hooksAround } from './knex-hooks.js'
import type { KnexProject } from './knex-project.js'
import { type LoadedMigration, loadMigration, toLoadedMigration } from './load-migration.js'
import { revisionOf } from './revision-name.js'

/** One migration of this build. */
export interface Migration {
  /** The name without extension. */
  readonly revision: string
  /** The name of the file; null for a migration of a custom source. */
  readonly file: string | null
  readonly path: string | null
  /** The name under which plain Knex records it: of its file, or the one that a custom source gives it. */
  readonly knexName: string
  /** `sha256:` of the text, with normalised line endings and without byte-order mark; null without a file. */
  readonly checksum: string | null
  readonly load: () => Promise<LoadedMigration>
}

const typeScriptFirst = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']
const javaScriptFirst = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']

/**
 * The migrations of a project in the order in which Knex runs them: by file name over all folders, or folder by folder. A
 * `.ts` and a `.js` file of the same name in one folder are one migration. Throws SCHEMA_MIGRATIONS_EMPTY where there are
 * none, and SCHEMA_MIGRATION_UNLOADABLE for names that the ledger cannot hold.
 */
export async function listMigrations(project: KnexProject): Promise<readonly Migration[]> {
  const { source } = project
  const migrations = source === null ? await listFromFiles(project) : await listFromSource(project, source)
  if (migrations.length > 0) return migrations
  throw source === null ? emptyFolderError(project, 'contains no migration') : emptySourceError()
}

async function listFromSource(
  project: KnexProject,
  source: Knex.MigrationSource<unknown>,
): Promise<readonly Migration[]> {
  const entries = await inProjectFolder(project, () => source.getMigrations(project.loadExtensions))
  return entries.map((entry) => {
    const knexName = source.getMigrationName(entry)
    const revision = revisionOf(knexName)
    const load = async () => {
      const exports = await inProjectFolder(project, async () => source.getMigration(entry))
      return { ...toLoadedMigration(revision, exports), ...hooksAround(project, entry) }
    }
    return { revision, file: null, path: null, knexName, checksum: null, load }
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
  return found.map((each) => readMigrationFile(each, project))
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

/** Revisions appear in log lines, in commands to copy, and in the ledger. */
function refuseUnprintableNames(directory: string, files: readonly string[]): void {
  const unprintable = files.filter((file) => toPrintable(file) !== file)
  if (unprintable.length === 0) return
  throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
    what: 'The name of a migration contains line breaks or other invisible characters. Nothing was done.',
    facts: [['files', unprintable.map((file) => join(directory, file))]],
    choices: [['rename the file', 'if it was never applied to a database']],
  })
}

function chooseFilePerRevision(files: readonly string[]): readonly string[] {
  const order = runsTypeScript ? typeScriptFirst : javaScriptFirst
  const chosen = new Map<string, string>()
  for (const file of files) {
    const other = chosen.get(revisionOf(file))
    if (other === undefined || order.indexOf(extname(file)) < order.indexOf(extname(other)))
      chosen.set(revisionOf(file), file)
  }
  return [...chosen.values()]
}

function refuseDuplicateRevisions(found: readonly FoundFile[]): void {
  const seen = new Map<string, FoundFile>()
  for (const each of found) {
    const other = seen.get(revisionOf(each.file))
    if (other !== undefined)
      throw new SchemaError('SCHEMA_MIGRATION_UNLOADABLE', {
        what: `Two migrations have the name ${revisionOf(each.file)}, and the ledger cannot tell them apart. Nothing was done.`,
        facts: [['files', [join(other.directory, other.file), join(each.directory, each.file)]]],
        choices: [['rename one of them', 'if it was never applied to a database']],
      })
    seen.set(revisionOf(each.file), each)
  }
}

/** Reads it at once: a thousand small files take many times as long one by one through the thread pool. */
function readMigrationFile({ file, directory }: FoundFile, project: KnexProject): Migration {
  const path = join(directory, file)
  const revision = revisionOf(file)
  const load = async (): Promise<LoadedMigration> => {
    const migration = await inProjectFolder(project, () => loadMigration(revision, path))
    return { ...migration, ...hooksAround(project, { file, directory }) }
  }
  const checksum = checksumOf(readFileSync(path, 'utf8'))
  const knexName = project.recordsRevisions ? revision : file
  return { revision, file, path, knexName, checksum, load }
}

function compareFileNames(one: FoundFile, other: FoundFile): number {
  return one.file < other.file ? -1 : one.file > other.file ? 1 : 0
}

/** The checksum of a migration's text: `sha256:` and the hash, whatever its line endings and byte-order mark. */
export function checksumOf(text: string): string {
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
    what: 'The migration source of the knexfile lists no migration. Nothing was done.',
    choices: [['--migrations DIR', 'names a folder to read instead']],
  })
}
