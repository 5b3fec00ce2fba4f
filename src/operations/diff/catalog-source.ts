import { maskWord } from '../../config/url.js'
import type { Catalog } from '../../core/model/catalog.js'
import { type ExtensionMove, findMovedExtensions, relocateCatalog } from '../../core/model/extension-moves.js'
import type { UndeterminedFacts } from '../../core/model/diff.js'
import { promisedCatalogAt, revisionsOf, withBase } from '../../core/model/snapshot.js'
import { withoutOtherSettings } from '../../core/model/scope.js'
import { SchemaError } from '../../errors/schema-error.js'
import { canonicalizeCatalog } from '../../postgres/canonicalize/canonicalize.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { readServerMajor } from '../../postgres/connection/query.js'
import { readExtensionMoves } from '../../postgres/introspect/extension-members.js'
import { readProjectCatalog } from '../../postgres/introspect/read-catalog.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { loadUsableSnapshot, staleSnapshotError } from '../../snapshot/usable.js'
import type { ProjectWorkspace } from '../../workspace.js'
import { buildSource } from './source-files.js'

/** A source as read: its name for people, and its catalog with structure, comments and grants. */
export interface SourceCatalog {
  readonly name: string
  readonly catalog: Catalog
  /** The facts that a snapshot does not promise. */
  readonly undetermined: UndeterminedFacts
  /** The major version of PostgreSQL on which it was read. */
  readonly major: number
  /** The extensions that the catalog it was compared with has in other schemas. */
  readonly moves: readonly ExtensionMove[]
}

/** Where sources are: a project, and the configured database where it is one of them. */
export type SourceWorkspace = ProjectWorkspace & { readonly connection: Connection | null }

/** Whether a source is a database that exists, and not what is built for the comparison or promised. */
export function isLiveSource(source: string): boolean {
  return ['database', 'postgres', 'postgresql'].includes(splitSource(source).form)
}

/** How a source is reached that is a database which exists; null for others. */
export function sourceConnection(source: string, workspace: SourceWorkspace): Connection | null {
  if (splitSource(source).form === 'database') return workspace.connection
  return isLiveSource(source) ? workspace.connectionTo(source) : null
}

/** A catalog whose texts are used for a source wherever both texts mean the same to the server. */
export interface CanonicalReference {
  readonly catalog: Catalog
  readonly undetermined: UndeterminedFacts
  /** The major version of PostgreSQL that printed its texts. */
  readonly major: number
}

/** The forms of a source, for errors. */
const sourceForms: readonly (readonly [form: string, meaning: string])[] = [
  ['database', 'the configured database'],
  ['snapshot[@REVISION]', 'what the migrations promise, at head or at a revision'],
  ['sql:FILE', 'what a file of SQL builds in an empty database'],
  [
    'models:FILE',
    "what a module's default export builds in an empty database with Knex's schema builder, or a file of SQL",
  ],
  ['postgres://…', 'a database by its URL'],
]

/**
 * Reads a source. Throws SCHEMA_USAGE for an unknown form, SCHEMA_SOURCE_INVALID for a file that cannot be loaded,
 * SCHEMA_SNAPSHOT_STALE, SCHEMA_SCRATCH_UNAVAILABLE, and the errors of connecting. The texts of a snapshot stay as they
 * are.
 */
export async function readSource(
  source: string,
  workspace: SourceWorkspace,
  reference: CanonicalReference | null = null,
): Promise<SourceCatalog> {
  const { form, rest } = splitSource(source)
  const readDatabase = (connection: Connection): Promise<SourceCatalog> =>
    readDatabaseSource(describeAddress(addressOf(connection)), connection, workspace, reference)
  switch (form) {
    case 'database':
      if (workspace.connection === null) throw new Error('The configured database was not opened.')
      return readDatabase(workspace.connection)
    case 'snapshot':
      return readSnapshotSource(rest, workspace)
    case 'sql':
    case 'models':
      return readScratchSource(`${form}:${rest}`, workspace, reference, (connection) =>
        buildSource(connection, { form, file: rest }, workspace.config.root),
      )
    case 'postgres':
    case 'postgresql':
      return readDatabase(workspace.connectionTo(source))
    default:
      throw new SchemaError('SCHEMA_USAGE', {
        what: `"${maskWord(source)}" is not a source to compare. Nothing was done.`,
        choices: sourceForms,
      })
  }
}

/**
 * Reads two sources with the same texts wherever they mean the same. The texts are those of a snapshot, if one is
 * involved, with the extensions where the second has them.
 */
export async function readSourcePair(
  from: string,
  to: string,
  workspace: SourceWorkspace,
): Promise<readonly [from: SourceCatalog, to: SourceCatalog]> {
  const isToFirst = to.startsWith('snapshot')
  const reference = await readSource(isToFirst ? to : from, workspace)
  const second = await readSource(isToFirst ? from : to, workspace, reference)
  const first = { ...reference, catalog: relocateCatalog(reference.catalog, second.moves) }
  return isToFirst ? [second, first] : [first, second]
}

function splitSource(source: string): { readonly form: string; readonly rest: string } {
  if (source === 'database' || source === 'snapshot') return { form: source, rest: '' }
  const [, form = '', rest = ''] = /^([a-z]+)[:@](.*)$/s.exec(source) ?? []
  return { form, rest }
}

/** Reads a database with the texts of the reference wherever both mean the same. */
async function readDatabaseSource(
  name: string,
  connection: Connection,
  { project }: SourceWorkspace,
  reference: CanonicalReference | null,
): Promise<SourceCatalog> {
  return withClient(connection, async (client) => {
    const live = await readProjectCatalog(client, project)
    const major = await readServerMajor(client)
    if (reference === null) return { name, catalog: live, undetermined: {}, major, moves: [] }
    const moves = await readExtensionMoves(client, findMovedExtensions([reference.catalog], live))
    const expected = relocateCatalog(reference.catalog, moves)
    const { undetermined } = reference
    const majors = { expected: reference.major, actual: major }
    const canonical = await canonicalizeCatalog(client, { expected, undetermined, live, majors }, 'own')
    return { name, catalog: canonical.live, undetermined: {}, major, moves }
  })
}

async function readSnapshotSource(revision: string, workspace: SourceWorkspace): Promise<SourceCatalog> {
  const { snapshot, stale } = await loadUsableSnapshot(workspace)
  if (snapshot === null || stale.length > 0) throw staleSnapshotError(workspace, stale)
  const revisions = revisionsOf(snapshot)
  const last = revision === '' ? revisions.length - 1 : revisions.indexOf(revision)
  if (last < 0)
    throw new SchemaError('SCHEMA_USAGE', {
      what: `The snapshot has no revision "${revision}". Nothing was done.`,
      choices: [['schemagate status', 'lists the revisions']],
    })
  const upTo = revisions.slice(0, last + 1)
  const promised = promisedCatalogAt(snapshot, upTo)
  return {
    name: `snapshot at ${upTo.at(-1)}`,
    catalog: withBase(promised, snapshot),
    undetermined: promised.undetermined,
    major: snapshot.postgres,
    moves: [],
  }
}

async function readScratchSource(
  name: string,
  workspace: SourceWorkspace,
  reference: CanonicalReference | null,
  fill: (connection: Connection) => Promise<void>,
): Promise<SourceCatalog> {
  const scratch = await findScratch(workspace.scratch)
  return scratch.withDatabase(async (connection) => {
    await fill(connection)
    const source = await readDatabaseSource(name, connection, workspace, reference)
    return { ...source, catalog: withoutOtherSettings(source.catalog, {}) }
  })
}
