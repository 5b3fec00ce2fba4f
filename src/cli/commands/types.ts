import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { countByKind } from '../../core/model/catalog.js'
import { promisedCatalogAt, type PromisedCatalog } from '../../core/model/snapshot.js'
import { describeCounts } from '../../core/text/format.js'
import { isRecord } from '../../core/text/is-record.js'
import { toPrintable } from '../../core/text/printable.js'
import { renderTableTypes } from '../../core/typegen/table-types.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knex-project.js'
import { listMigrations, type Migration } from '../../project/migration-files.js'
import { loadUsableSnapshot, missingSnapshotError, staleSnapshotError } from '../../snapshot/usable.js'
import { findProject, snapshotFoldersOf } from '../../workspace.js'
import { type CommandContext, type CommandResult, type CommandHandler, textOption } from './command.js'

/** A `.d.ts` is not part of a build. It is not written into the migrations folder: Knex would take it for a migration. */
const defaultFileName = 'knex-tables.d.ts'

/** The file of table types that matches the snapshot. */
interface TypesFile {
  /** Null for stdout. */
  readonly path: string | null
  /** The path relative to the project, for messages. */
  readonly displayPath: string
  readonly command: string
  readonly head: string
  readonly source: string
  /** The number of relations with types, by kind. */
  readonly counts: Readonly<Record<string, number>>
}

/** `schemagate types`: writes the types of the promised tables for Knex, or with `--check` compares the committed file. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const { config, options } = context
  const project = await findProject(config)
  const migrations = await listMigrations(project)
  const promised = await requirePromisedCatalog(config.root, project, migrations)
  const file = buildTypesFile(context, project, promised, migrations.at(-1)?.revision ?? '')
  return options['check'] === true ? checkTypes(file) : writeTypes(file)
}

async function requirePromisedCatalog(
  root: string,
  project: KnexProject,
  migrations: readonly Migration[],
): Promise<PromisedCatalog> {
  const snapshotFolders = snapshotFoldersOf({ root }, project)
  const location = { snapshotFolders, snapshotDirectory: snapshotFolders[0] ?? root, migrations }
  const { snapshot, stale } = await loadUsableSnapshot(location)
  if (stale.length > 0) throw staleSnapshotError(location, stale)
  if (snapshot === null) throw missingSnapshotError(location, migrations.length)
  return promisedCatalogAt(
    snapshot,
    migrations.map(({ revision }) => revision),
  )
}

function buildTypesFile(
  context: CommandContext,
  project: KnexProject,
  promised: PromisedCatalog,
  head: string,
): TypesFile {
  const { root } = context.config
  const out = textOption(context, 'out')
  const path = out === '-' ? null : out === null ? defaultTypesPath(root, project) : resolve(root, out)
  if (path === null && context.options['check'] === true) throw nothingToCheckError()
  const displayPath = path === null ? 'stdout' : toPrintable(relative(root, path).split(sep).join('/'))
  const command = out === null || path === null ? 'schemagate types' : `schemagate types --out ${displayPath}`
  const searchPath = project.searchPath.length === 0 ? ['public'] : project.searchPath
  const counts = countByKind(Object.keys(promised.catalog).filter((key) => queryableKey.test(key)))
  return {
    path,
    displayPath,
    command,
    head,
    counts,
    source: renderTableTypes(promised, { head, command, searchPath }),
  }
}

const queryableKey = /^(?:table|foreign_table|view|materialized_view):/

/** Beside the migrations folder, or in the project if that folder is outside of it. */
function defaultTypesPath(
  root: string,
  { directories: [directory = join(root, 'migrations')] }: KnexProject,
): string {
  const folder = dirname(directory)
  const path = relative(root, folder)
  return join(isAbsolute(path) || path.split(sep)[0] === '..' ? root : folder, defaultFileName)
}

async function writeTypes({ path, displayPath, head, counts, source }: TypesFile): Promise<CommandResult> {
  if (path === null) return { exit: 0, text: source, document: { head, counts, source } }
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, source)
  return {
    exit: 0,
    text: `${displayPath}: ${describeCounts(counts)}`,
    document: { file: displayPath, head, counts },
  }
}

async function checkTypes(file: TypesFile): Promise<CommandResult> {
  const { path, displayPath, head, counts } = file
  const committed = path === null ? null : await readCommittedTypes(path)
  if (committed !== file.source) throw staleTypesError(file, committed)
  return {
    exit: 0,
    text: `${displayPath} matches the snapshot: ${describeCounts(counts)}.`,
    document: { file: displayPath, head, counts },
  }
}

function staleTypesError({ displayPath, head, source, command }: TypesFile, committed: string | null) {
  return new SchemaError('SCHEMA_TYPES_STALE', {
    what:
      committed === null
        ? 'There are no table types yet. Nothing was written.'
        : 'The table types do not match the snapshot. Nothing was written.',
    facts: [
      ['file', displayPath],
      ['head', head],
      ...(committed === null ? [] : [['difference', describeFirstDifference(source, committed)] as const]),
    ],
    choices: [[command, 'writes them again; commit the file']],
  })
}

/** The text with `\n` as line ends, which Git may have changed; null if the file does not exist. */
async function readCommittedTypes(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).replaceAll('\r\n', '\n')
  } catch (error) {
    if (isRecord(error) && error['code'] === 'ENOENT') return null
    throw error
  }
}

function describeFirstDifference(source: string, committed: string): readonly string[] {
  const [expected, actual] = [source.split('\n'), committed.split('\n')]
  const index = expected.findIndex((line, at) => line !== actual[at])
  const at = index < 0 ? expected.length : index
  return [
    `line ${at + 1}`,
    `  expected  ${expected[at]?.trim() ?? 'the end'}`,
    `  actual    ${actual[at]?.trim() ?? 'the end'}`,
  ]
}

function nothingToCheckError(): SchemaError {
  return new SchemaError('SCHEMA_USAGE', {
    what: '--check compares a file, but --out - names no file. Nothing was done.',
    choices: [['schemagate types --check --out FILE', 'compares that file']],
  })
}
