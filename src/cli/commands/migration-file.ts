import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, extname, join, relative } from 'node:path'
import { toPrintable } from '../../core/text/printable.js'
import type { MigrationLanguage } from '../../ddl/draft/migration-code.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knexfile.js'
import { revisionOf } from '../../project/migration-files.js'
import type { CommandContext } from './command.js'

/** A migration file that is to be written. */
export interface NewMigrationFile {
  readonly revision: string
  readonly path: string
  /** The path as people read it. */
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
 * The file of the next migration: it sorts after all others and is in their language. Throws SCHEMA_USAGE for a name without
 * a letter or digit.
 *
 * @param name as it was typed
 */
export async function nextMigrationFile(
  name: string,
  project: KnexProject,
  context: CommandContext,
): Promise<NewMigrationFile> {
  const { root } = context.config
  const directory = project.directories.at(-1) ?? join(root, 'migrations')
  const found = existsSync(directory) ? await readdir(directory) : []
  const files = found.filter((file) => project.loadExtensions.includes(extname(file)))
  const extension = extensionFor(context, files)
  const revision = `${nextPrefix(files.map(revisionOf).sort().at(-1))}_${slugify(name)}`
  const path = join(directory, `${revision}${extension}`)
  const language = languageByExtension[extension] ?? (await languageOfPackage(directory))
  return { revision, path, displayPath: toPrintable(relative(root, path)), language }
}

/** Writes the file, and its folder. A file of that name is not replaced. */
export async function writeMigration({ path }: NewMigrationFile, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text, { flag: 'wx' })
}

function extensionFor({ options, config }: CommandContext, files: readonly string[]): string {
  const given = options['ts'] === true ? '.ts' : options['js'] === true ? '.js' : null
  const last = [...files].sort().at(-1)
  const usual =
    last === undefined ? (existsSync(join(config.root, 'tsconfig.json')) ? '.ts' : '.js') : extname(last)
  return given ?? usual
}

/** UTC to the second, or one more than the newest where clocks or habits put that one later; numbers stay numbers. */
function nextPrefix(newest: string | undefined): string {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
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
    what: `"${name}" has no letter or digit to name a migration with. Nothing was written.`,
    choices: [['schemagate new add_invoice', 'writes one called add_invoice']],
  })
}

/** A .js file is what the nearest package.json says. */
async function languageOfPackage(directory: string): Promise<MigrationLanguage> {
  for (let folder = directory; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file))
      return /"type"\s*:\s*"module"/.test(await readFile(file, 'utf8')) ? 'module' : 'commonjs'
    if (folder === dirname(folder)) return 'commonjs'
  }
}
