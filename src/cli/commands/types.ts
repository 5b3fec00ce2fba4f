import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Config } from '../../config/config.js'
import { countByKind } from '../../core/model/catalog.js'
import { promisedCatalogAt, type PromisedCatalog } from '../../core/model/snapshot.js'
import { formatCount, describeCounts } from '../../core/text/format.js'
import { isRecord } from '../../core/text/is-record.js'
import { toPrintable } from '../../core/text/printable.js'
import { renderTableTypes } from '../../core/typegen/table-types.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knexfile.js'
import { listMigrations, type Migration } from '../../project/migration-files.js'
import { staleSnapshotError, loadUsableSnapshot } from '../../snapshot/usable.js'
import { findProject } from '../../workspace.js'
import { type CommandContext, type CommandResult, type CommandHandler, textOption } from './command.js'

/** A `.d.ts` is no part of a build, wherever it is. In the migrations folder Knex would take it for a migration. */
const defaultFileName = 'knex-tables.d.ts'

/** The file of table types as it should be. */
interface TypesFile {
  /** Null for stdout. */
  readonly path: string | null
  /** The path as people read it. */
  readonly displayPath: string
  readonly command: string
  readonly head: string
  readonly source: string
  /** What it has types of, by kind. */
  readonly counts: Readonly<Record<string, number>>
}

/** `schemagate types`: tells Knex's types of the promised tables, or with `--check` proves that the committed file does. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const { config, options } = context
  const project = await findProject(config)
  const migrations = await listMigrations(project)
  const promised = await requirePromisedCatalog({ config, project, migrations })
  const file = buildTypesFile(context, { project, promised, head: migrations.at(-1)?.revision ?? '' })
  return options['check'] === true ? checkTypes(file) : writeTypes(file)
}

interface Sources {
  readonly config: Config
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
}

async function requirePromisedCatalog({ config, project, migrations }: Sources): Promise<PromisedCatalog> {
  const place = { snapshotDirectory: project.directories[0] ?? config.root, migrations }
  const { snapshot, stale } = await loadUsableSnapshot(place)
  if (stale.length > 0) throw staleSnapshotError(place, stale)
  if (snapshot !== null)
    return promisedCatalogAt(
      snapshot,
      migrations.map(({ revision }) => revision),
    )
  throw new SchemaError('SCHEMA_SNAPSHOT_STALE', {
    what: `There is no snapshot yet to make types from: ${formatCount(migrations.length, 'revision')} without a promise. Nothing was written.`,
    facts: [['folder', place.snapshotDirectory]],
    choices: [['schemagate snapshot', 'makes it; commit it with the migrations']],
  })
}

interface Content {
  readonly project: KnexProject
  readonly promised: PromisedCatalog
  readonly head: string
}

function buildTypesFile(context: CommandContext, { project, promised, head }: Content): TypesFile {
  const { root } = context.config
  const out = textOption(context, 'out')
  const path = out === '-' ? null : out === null ? defaultTypesPath(root, project) : resolve(root, out)
  if (path === null && context.options['check'] === true) throw nothingToCheckError()
  const shown = path === null ? 'stdout' : toPrintable(relative(root, path).split(sep).join('/'))
  const command = out === null || path === null ? 'schemagate types' : `schemagate types --out ${shown}`
  const searchPath = project.searchPath.length === 0 ? ['public'] : project.searchPath
  const counts = countByKind(Object.keys(promised.catalog).filter((key) => queryableKey.test(key)))
  return {
    path,
    displayPath: shown,
    command,
    head,
    counts,
    source: renderTableTypes(promised, { head, command, searchPath }),
  }
}

const queryableKey = /^(?:table|foreign_table|view|materialized_view):/

/** Beside the migrations folder, unless that is outside of the project. */
function defaultTypesPath(
  root: string,
  { directories: [directory = join(root, 'migrations')] }: KnexProject,
): string {
  const folder = dirname(directory)
  const way = relative(root, folder)
  return join(isAbsolute(way) || way.split(sep)[0] === '..' ? root : folder, defaultFileName)
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

async function checkTypes({
  path,
  displayPath,
  head,
  counts,
  source,
  command,
}: TypesFile): Promise<CommandResult> {
  const committed = path === null ? null : await readCommittedTypes(path)
  if (committed === source)
    return {
      exit: 0,
      text: `${displayPath} is that of the snapshot: ${describeCounts(counts)}.`,
      document: { file: displayPath, head, counts },
    }
  throw new SchemaError('SCHEMA_TYPES_STALE', {
    what:
      committed === null
        ? 'There are no table types yet. Nothing was written.'
        : 'The table types are not those of the snapshot. Nothing was written.',
    facts: [
      ['file', displayPath],
      ['head', head],
      ...(committed === null ? [] : [['difference', describeFirstDifference(source, committed)] as const]),
    ],
    choices: [[command, 'makes them anew; commit the file']],
  })
}

/** The text with the line ends it was written with, whatever Git made of them; null where there is no file. */
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
    what: '--check compares a file, and --out - is none. Nothing was done.',
    choices: [['schemagate types --check --out FILE', 'compares that file']],
  })
}
