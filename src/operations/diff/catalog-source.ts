import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { maskWord } from '../../config/url.js'
import type { Catalog } from '../../core/model/catalog.js'
import type { Undetermined } from '../../core/model/diff.js'
import { wholeCatalog } from '../../core/model/snapshot.js'
import { saidBy } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { reconcile } from '../../postgres/canonicalize/canonicalize.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { serverMajor } from '../../postgres/connection/query.js'
import { everything, ledgerTablesOf, readCatalog } from '../../postgres/introspect/read-catalog.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { usableSnapshot, staleError } from '../../snapshot/snapshot.js'
import type { Workspace } from '../../workspace.js'
import { loadModels, runSqlFile } from './source-files.js'

/** One side of a comparison: a catalog with structure, comments and grants, and what to call it. */
export interface Side {
  readonly name: string
  readonly catalog: Catalog
  /** The major version of PostgreSQL it was read on. */
  readonly major: number
}

/** A promise in whose words a side is to be put wherever both mean the same. */
export interface Wording {
  readonly catalog: Catalog
  readonly undetermined: Undetermined
  /** The major version of PostgreSQL that they are the words of. */
  readonly major: number
}

/** How a side can be written, for help and errors. */
const sideForms: readonly (readonly [form: string, meaning: string])[] = [
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
export async function readSide(
  word: string,
  workspace: Workspace,
  wording: Wording | null = null,
): Promise<Side> {
  const [kind = '', rest = ''] = split(word)
  switch (kind) {
    case 'database':
      return databaseSide(workspace.connection, { workspace, wording })
    case 'snapshot':
      return snapshotSide(rest, workspace)
    case 'sql':
      return scratchSide(`sql:${rest}`, { workspace, wording }, async (connection) => {
        const file = resolve(workspace.config.root, rest)
        await runSqlFile(connection, {
          file: rest,
          text: await readFile(file, 'utf8').catch(unreadable(rest)),
        })
      })
    case 'models':
      return scratchSide(`models:${rest}`, { workspace, wording }, (connection) =>
        loadModels(connection, { file: rest, path: resolve(workspace.config.root, rest) }),
      )
    case 'postgres':
    case 'postgresql':
      return databaseSide({ ...workspace.connection, url: word, ssl: null }, { workspace, wording })
    default:
      throw new SchemaError('SCHEMA_USAGE', {
        what: `"${maskWord(word)}" is nothing to compare. Nothing was done.`,
        choices: sideForms.map(([form, meaning]) => [form, meaning]),
      })
  }
}

/** Both sides in the same words, wherever they mean the same: those of a snapshot, whose server cannot be asked. */
export async function readSides(
  [from, to]: readonly [string, string],
  workspace: Workspace,
): Promise<readonly [Side, Side]> {
  const isPromise = to.startsWith('snapshot')
  const first = await readSide(isPromise ? to : from, workspace)
  const other = await readSide(isPromise ? from : to, workspace, { ...first, undetermined: {} })
  return isPromise ? [other, first] : [first, other]
}

function split(word: string): readonly string[] {
  if (word === 'database' || word === 'snapshot') return [word]
  const found = /^([a-z]+)[:@](.*)$/s.exec(word)
  return found === null ? [] : [found[1] ?? '', found[2] ?? '']
}

interface Reading {
  readonly workspace: Workspace
  readonly wording: Wording | null
}

async function databaseSide(connection: Connection, reading: Reading): Promise<Side> {
  return { name: describeAddress(addressOf(connection)), ...(await catalogOf(connection, reading)) }
}

async function catalogOf(
  connection: Connection,
  { workspace: { project }, wording }: Reading,
): Promise<Omit<Side, 'name'>> {
  return withClient(connection, async (client) => {
    const live = await readCatalog(client, { ...ledgerTablesOf(project), ...everything })
    const major = await serverMajor(client)
    if (wording === null) return { catalog: live, major }
    const { catalog: expected, undetermined, major: promised } = wording
    const majors = { expected: promised, actual: major }
    return {
      catalog: (await reconcile(client, { expected, undetermined, live, majors }, 'own')).live,
      major,
    }
  })
}

async function snapshotSide(revision: string, workspace: Workspace): Promise<Side> {
  const { snapshot, stale } = await usableSnapshot(workspace)
  if (snapshot === null || stale.length > 0) throw staleError(workspace, stale)
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
    catalog: wholeCatalog(snapshot, wanted),
    major: snapshot.postgres,
  }
}

async function scratchSide(
  name: string,
  reading: Reading,
  fill: (connection: Connection) => Promise<void>,
): Promise<Side> {
  const found = await findScratch(reading.workspace.scratch)
  return found.withDatabase(async (connection) => {
    await fill(connection)
    return { name, ...(await catalogOf(connection, reading)) }
  })
}

function unreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new SchemaError('SCHEMA_SOURCE_INVALID', {
      what: `${file} could not be read. Nothing was done.`,
      facts: [['reason', saidBy(cause)]],
      cause,
    })
  }
}
