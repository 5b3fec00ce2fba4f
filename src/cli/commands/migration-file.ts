import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, extname, join, relative } from 'node:path'
import { compactTime } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import type { MigrationLanguage } from '../../ddl/draft/migration-code.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knex-project.js'
import { revisionOf } from '../../project/revision-name.js'
import type { CommandContext } from './command.js'

/** A migration file before it is written. */
export interface NewMigrationFile {
  readonly revision: string
  readonly path: string
  /** The path relative to the project, printable. */
  readonly displayPath: string
  readonly language: MigrationLanguage
}

const languageByExtension: Readonly<Record<string, MigrationLanguage>> = {
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.mjs': 'module',
  '.cjs': 'commonjs',
}

/**
 * The file of the next migration, which sorts after all others and has their language. Throws SCHEMA_USAGE for a name
 * without a letter or digit.
 *
 * @param name as the user typed it
 */
export async function nextMigrationFile(
  name: string,
  project: KnexProject,
  context: CommandContext,
): Promise<NewMigrationFile> {
  const { root } = context.config
  const directory = project.directories.at(-1) ?? join(root, 'migrations')
  const entries = existsSync(directory) ? await readdir(directory) : []
  const files = entries.filter((file) => project.loadExtensions.includes(extname(file)))
  const extension = extensionFor(context, files, project)
  const revision = `${nextPrefix(files.map(revisionOf).sort().at(-1))}_${slugify(name)}`
  const path = join(directory, `${revision}${extension}`)
  const language = languageByExtension[extension] ?? (await languageOfPackage(directory))
  return { revision, path, displayPath: toPrintable(relative(root, path)), language }
}

/** Writes the file and creates its folder. An existing file is an error, not overwritten. */
export async function writeMigration({ path }: NewMigrationFile, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text, { flag: 'wx' })
}

function extensionFor(
  { options, config }: CommandContext,
  files: readonly string[],
  { template, loadExtensions }: KnexProject,
): string {
  if (options['ts'] === true) return '.ts'
  if (options['js'] === true) return '.js'
  if (template.extension !== null && loadExtensions.includes(template.extension)) return template.extension
  const last = [...files].sort().at(-1)
  if (last !== undefined) return extname(last)
  return existsSync(join(config.root, 'tsconfig.json')) ? '.ts' : '.js'
}

/**
 * The time in UTC to the second, or the newest prefix plus one if that is later. A project with short numbers keeps
 * them.
 */
function nextPrefix(newest: string | undefined): string {
  const now = compactTime(new Date().toISOString())
  const last = /^\d+/.exec(newest ?? '')?.[0] ?? ''
  if (last.length > 0 && last.length < 8) return String(Number(last) + 1).padStart(last.length, '0')
  const padded = last.padEnd(14, '0').slice(0, 14)
  return padded < now ? now : String(BigInt(padded) + 1n)
}

function slugify(name: string): string {
  const text = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
  if (text !== '') return text
  throw new SchemaError('SCHEMA_USAGE', {
    what: `"${name}" contains no letter or digit, so it cannot name a migration. Nothing was written.`,
    choices: [['schemagate new add_invoice', 'writes a migration named add_invoice']],
  })
}

/** The nearest package.json decides whether a .js file is an ES module. */
async function languageOfPackage(directory: string): Promise<MigrationLanguage> {
  for (let folder = directory; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file))
      return /"type"\s*:\s*"module"/.test(await readFile(file, 'utf8')) ? 'module' : 'commonjs'
    if (folder === dirname(folder)) return 'commonjs'
  }
}
