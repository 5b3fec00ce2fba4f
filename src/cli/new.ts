import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, extname, join, relative } from 'node:path'
import { SchemaError } from '../errors.js'
import { revisionOf } from '../postgres/migrations.js'
import { findProject } from '../workspace.js'
import type { CommandContext, CommandResult, Run } from './command.js'

const typeScript = `import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {}

export async function down(knex: Knex): Promise<void> {}
`

const module = `export async function up(knex) {}

export async function down(knex) {}
`

const commonJs = `exports.up = async function (knex) {}

exports.down = async function (knex) {}
`

const templates: Readonly<Record<string, string>> = {
  '.ts': typeScript,
  '.mts': typeScript,
  '.mjs': module,
  '.cjs': commonJs,
}

/** `schemagate new NAME`: an empty migration that sorts after all others, in the language of the others. */
export const run: Run = async (context): Promise<CommandResult> => {
  const [name = ''] = context.words
  const project = await findProject(context.config)
  const directory = project.directories.at(-1) ?? join(context.config.root, 'migrations')
  await mkdir(directory, { recursive: true })
  const files = (await readdir(directory)).filter((file) => project.loadExtensions.includes(extname(file)))
  const extension = extensionFor(context, files)
  const revision = `${nextPrefix(files.map(revisionOf).sort().at(-1))}_${slug(name)}`
  const path = join(directory, `${revision}${extension}`)
  await writeFile(path, templates[extension] ?? (await scriptTemplate(directory)), { flag: 'wx' })
  const shown = relative(context.config.root, path)
  return { exit: 0, text: shown, document: { revision, file: shown } }
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

function slug(name: string): string {
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
async function scriptTemplate(directory: string): Promise<string> {
  for (let folder = directory; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file))
      return /"type"\s*:\s*"module"/.test(await readFile(file, 'utf8')) ? module : commonJs
    if (folder === dirname(folder)) return commonJs
  }
}
