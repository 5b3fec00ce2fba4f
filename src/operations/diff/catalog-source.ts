import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { maskWord } from '../../config/url.js'
import type { Catalog } from '../../core/model/catalog.js'
import type { UndeterminedFacts } from '../../core/model/diff.js'
import { fullCatalogAt } from '../../core/model/snapshot.js'
import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { canonicalizeCatalog } from '../../postgres/canonicalize/canonicalize.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { readServerMajor } from '../../postgres/connection/query.js'
import { allAnnotations, ledgerTablesOf, readCatalog } from '../../postgres/introspect/read-catalog.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { loadUsableSnapshot, staleSnapshotError } from '../../snapshot/snapshot.js'
import type { Workspace } from '../../workspace.js'
import { loadModels, runSqlFile } from './source-files.js'

/** One side of a comparison: a catalog with structure, comments and grants, and what to call it. */
export interface SourceCatalog {
  readonly name: string
  readonly catalog: Catalog
  /** The major version of PostgreSQL it was read on. */
  readonly major: number
}

/** A promise in whose words a side is to be put wherever both mean the same. */
export interface CanonicalReference {
  readonly catalog: Catalog
  readonly undetermined: UndeterminedFacts
  /** The major version of PostgreSQL that they are the words of. */
  readonly major: number
}

/** How a side can be written, for help and errors. */
const sourceForms: readonly (readonly [form: string, meaning: string])[] = [
  ['database', 'the configured database, as it is'],
  ['snapshot[@REVISION]', 'what the migrations promise, at head or at a revision'],
  ['sql:FILE', 'what a file of SQL makes of an empty database'],
  ['models:FILE', "what a module's default export makes of an empty database with Knex's schema builder"],
  ['postgres://…', 'another database'],
]

/**
 * Reads a side. Throws SCHEMA_USAGE for a word that is none, SCHEMA_SOURCE_INVALID for a file that cannot be loaded,
 * SCHEMA_SNAPSHOT_STALE, SCHEMA_SCRATCH_UNAVAILABLE, and what connecting throws. A snapshot keeps its own words.
 */
export async function readSource(
  word: string,
  workspace: Workspace,
  wording: CanonicalReference | null = null,
): Promise<SourceCatalog> {
  const [kind = '', rest = ''] = splitSource(word)
  switch (kind) {
    case 'database':
      return readDatabaseSource(workspace.connection, { workspace, reference: wording })
    case 'snapshot':
      return readSnapshotSource(rest, workspace)
    case 'sql':
      return readScratchSource(`sql:${rest}`, { workspace, reference: wording }, async (connection) => {
        const file = resolve(workspace.config.root, rest)
        await runSqlFile(connection, {
          file: rest,
          text: await readFile(file, 'utf8').catch(throwUnreadable(rest)),
        })
      })
    case 'models':
      return readScratchSource(`models:${rest}`, { workspace, reference: wording }, (connection) =>
        loadModels(connection, { file: rest, path: resolve(workspace.config.root, rest) }),
      )
    case 'postgres':
    case 'postgresql':
      return readDatabaseSource(
        { ...workspace.connection, url: word, ssl: null },
        { workspace, reference: wording },
      )
    default:
      throw new SchemaError('SCHEMA_USAGE', {
        what: `"${maskWord(word)}" is nothing to compare. Nothing was done.`,
        choices: sourceForms.map(([form, meaning]) => [form, meaning]),
      })
  }
}

/** Both sides in the same words, wherever they mean the same: those of a snapshot, whose server cannot be asked. */
export async function readSourcePair(
  [from, to]: readonly [string, string],
  workspace: Workspace,
): Promise<readonly [SourceCatalog, SourceCatalog]> {
  const isPromise = to.startsWith('snapshot')
  const first = await readSource(isPromise ? to : from, workspace)
  const other = await readSource(isPromise ? from : to, workspace, { ...first, undetermined: {} })
  return isPromise ? [other, first] : [first, other]
}

function splitSource(word: string): readonly string[] {
  if (word === 'database' || word === 'snapshot') return [word]
  const found = /^([a-z]+)[:@](.*)$/s.exec(word)
  return found === null ? [] : [found[1] ?? '', found[2] ?? '']
}

interface SourceContext {
  readonly workspace: Workspace
  readonly reference: CanonicalReference | null
}

async function readDatabaseSource(connection: Connection, reading: SourceContext): Promise<SourceCatalog> {
  return {
    name: describeAddress(addressOf(connection)),
    ...(await readCanonicalCatalog(connection, reading)),
  }
}

async function readCanonicalCatalog(
  connection: Connection,
  { workspace: { project }, reference }: SourceContext,
): Promise<Omit<SourceCatalog, 'name'>> {
  return withClient(connection, async (client) => {
    const live = await readCatalog(client, { ...ledgerTablesOf(project), ...allAnnotations })
    const major = await readServerMajor(client)
    if (reference === null) return { catalog: live, major }
    const { catalog: expected, undetermined, major: promised } = reference
    const majors = { expected: promised, actual: major }
    return {
      catalog: (await canonicalizeCatalog(client, { expected, undetermined, live, majors }, 'own')).live,
      major,
    }
  })
}

async function readSnapshotSource(revision: string, workspace: Workspace): Promise<SourceCatalog> {
  const { snapshot, stale } = await loadUsableSnapshot(workspace)
  if (snapshot === null || stale.length > 0) throw staleSnapshotError(workspace, stale)
  const revisions = snapshot.revisions.map((entry) => entry.revision)
  const last = revision === '' ? revisions.length - 1 : revisions.indexOf(revision)
  if (last < 0)
    throw new SchemaError('SCHEMA_USAGE', {
      what: `The snapshot has no revision "${revision}". Nothing was done.`,
      choices: [['schemagate status', 'lists the revisions']],
    })
  const wanted = revisions.slice(0, last + 1)
  return {
    name: `snapshot at ${wanted.at(-1)}`,
    catalog: fullCatalogAt(snapshot, wanted),
    major: snapshot.postgres,
  }
}

async function readScratchSource(
  name: string,
  reading: SourceContext,
  fill: (connection: Connection) => Promise<void>,
): Promise<SourceCatalog> {
  const found = await findScratch(reading.workspace.scratch)
  return found.withDatabase(async (connection) => {
    await fill(connection)
    return { name, ...(await readCanonicalCatalog(connection, reading)) }
  })
}

function throwUnreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new SchemaError('SCHEMA_SOURCE_INVALID', {
      what: `${file} could not be read. Nothing was done.`,
      facts: [['reason', errorMessage(cause)]],
      cause,
    })
  }
}
