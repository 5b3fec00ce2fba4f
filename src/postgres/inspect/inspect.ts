import type pg from 'pg'
import type { RecordedRevisions } from '../../core/history/history.js'
import { type Catalog, keysOf, parseKey, quoteName } from '../../core/model/catalog.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knex-project.js'
import type { Migration } from '../../project/migration-files.js'
import { createRevisionFinder } from '../../project/revision-name.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'
import { queryAll, type QueryResult, rowsOf } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import type { AnnotationOptions } from '../introspect/annotations.js'
import { type CatalogReader, createCatalogReader, ledgerTablesOf } from '../introspect/read-catalog.js'
import { lastEventsQuery, parseLastEvents, type Ledger, quoteTableName } from '../ledger/ledger.js'
import { otherLedgerQuery, parseOtherLedgers } from '../ledger/other-ledgers.js'
import { catalogLockedError } from '../locks/blocked-read.js'
import type { Inspection } from './inspection.js'
import { refuseHiddenLedger, refuseMisplacedLedger } from './refuse-ledger.js'
import {
  fingerprintOf,
  type ServerAndLedgers,
  parseServerAndLedgers,
  serverAndLedgerQueries,
  serverResultCount,
  rollBackQuietly,
} from './server-and-ledgers.js'
import { findVerifiedSince, type KnownPromise, verifiedStatesQuery } from './verified-state.js'

export interface InspectOptions {
  readonly connection: Connection
  readonly project: KnexProject
  /** Those of this build, by which the names in the ledger are told. */
  readonly migrations: readonly Migration[]
  /** Statement timeout in milliseconds; 0 for none. */
  readonly timeout?: number
  /** What to read beside definitions, such as comments and grants. Default: nothing. */
  readonly scope?: AnnotationOptions
  /** What is promised, null where nothing is. Given, the catalog is not read where nothing has changed since it was verified. */
  readonly findPromise?: () => Promise<KnownPromise | null>
}

/**
 * Reads server, ledgers and catalog in one repeatable-read transaction of two round trips; three where a promise is given and
 * the database has changed since it was verified, or never was. The role needs to read only.
 * Throws SCHEMA_LEDGER_MISPLACED, SCHEMA_PRIVILEGE_MISSING, SCHEMA_CATALOG_LOCKED.
 */
export async function inspect(client: pg.ClientBase, options: InspectOptions): Promise<Inspection> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await inspectOnce(client, options)
    } catch (error) {
      if (!isConcurrentDrop(error) || attempt === maxInspectAttempts) throw error
    }
}

const maxInspectAttempts = 5

/** The rows come from one snapshot, but pg_get_*def() sees the present: it fails for an object that was dropped meanwhile. */
function isConcurrentDrop(error: unknown): boolean {
  return hasSqlState(error, sqlState.internalError)
}

async function inspectOnce(client: pg.ClientBase, options: InspectOptions): Promise<Inspection> {
  try {
    const reader = catalogReaderFor(options)
    const { server, serverResults, catalogResults } = await readServer(client, reader, options)
    const promise = (await options.findPromise?.()) ?? null
    const read = await readLedgers(client, server, serverResults, promise)
    const { ownResults, otherResults, fingerprint, unchanged } = read
    const isRead = unchanged === null
    const results = catalogResults ?? (isRead ? await queryAll(client, reader.queries.join(';\n')) : [])
    await client.query('commit')
    const findRevision = createRevisionFinder(options.migrations)
    const { ledger, identity } = parseLedgers(server, ownResults, findRevision)
    const live = isRead ? await reader.parse(results) : unchanged.catalogAt(revisionsOf(ledger))
    const { user, name, others, ...found } = server
    return {
      database: { ...addressOf(options.connection), user, name },
      major: found.major,
      serverVersion: found.serverVersion,
      readOnly: found.readOnly,
      locked: found.locked,
      schema: found.schema,
      ledger,
      identity,
      recorded: recordedRevisions(server, ledger, live),
      otherLedgers: parseOtherLedgers(others, otherResults, findRevision),
      mayWriteLedger: found.mayWriteLedger,
      mayWriteOwnLedger: found.mayWriteOwnLedger,
      live,
      unchangedSince: unchanged?.since ?? null,
      fingerprint,
    }
  } catch (error) {
    await rollBackQuietly(client)
    throw hasSqlState(error, sqlState.lockNotAvailable)
      ? await catalogLockedError(client, error)
      : explainMissingPrivilege(error, options.connection)
  }
}

/** A promise that the database keeps, as nothing has changed since it was verified. */
interface UnchangedPromise extends KnownPromise {
  /** ISO 8601. */
  readonly since: string
}

function catalogReaderFor({ project, scope = {} }: InspectOptions): CatalogReader {
  const { comments = false, grants = false, structure = false } = scope
  return createCatalogReader({ ...ledgerTablesOf(project), comments, grants, structure })
}

/** The server, and in the same message the catalog, unless it may turn out not to be needed: null then. */
async function readServer(
  client: pg.ClientBase,
  reader: CatalogReader,
  options: InspectOptions,
): Promise<{
  server: ServerAndLedgers
  serverResults: readonly QueryResult[]
  catalogResults: readonly QueryResult[] | null
}> {
  const { connection, project, findPromise } = options
  const catalogQueries = findPromise === undefined ? reader.queries : []
  const results = await queryAll(client, [...serverAndLedgerQueries(options), ...catalogQueries].join(';\n'))
  const serverResults = results.slice(0, serverResultCount)
  const [serverRows = [], tables = []] = serverResults.map(rowsOf)
  const server = parseServerAndLedgers(serverRows[0] ?? {}, tables, project)
  refuseHiddenLedger(server, tables, connection)
  refuseMisplacedLedger(server, tables, connection, project)
  const catalogResults = findPromise === undefined ? results.slice(serverResultCount) : null
  return { server, serverResults, catalogResults }
}

/** The ledgers, and whether the database is as it was when it was found to keep the promise. */
async function readLedgers(
  client: pg.ClientBase,
  server: ServerAndLedgers,
  serverResults: readonly QueryResult[],
  promise: KnownPromise | null,
): Promise<
  Pick<Inspection, 'fingerprint'> & {
    readonly ownResults: readonly QueryResult[]
    readonly otherResults: readonly QueryResult[]
    readonly unchanged: UnchangedPromise | null
  }
> {
  const { schema, hasOwnLedger } = server
  const ownQueries = ledgerQueriesFor(server)
  const ledgerQueries = [...ownQueries, ...server.others.map(otherLedgerQuery)]
  const stateQueries =
    promise === null || schema === null || !hasOwnLedger ? [] : [verifiedStatesQuery(schema, promise)]
  const queries = [...ledgerQueries, ...stateQueries]
  const results = queries.length === 0 ? [] : await queryAll(client, queries.join(';\n'))
  const ledgerResults = results.slice(0, ledgerQueries.length)
  const fingerprint = fingerprintOf(ledgerQueries, [...serverResults, ...ledgerResults])
  const since = findVerifiedSince(rowsOf(results[ledgerQueries.length]), fingerprint)
  return {
    fingerprint,
    unchanged: promise === null || since === null ? null : { ...promise, since },
    ownResults: ledgerResults.slice(0, ownQueries.length),
    otherResults: ledgerResults.slice(ownQueries.length),
  }
}

/** The first migration creates our ledger before Knex's: a process that is killed in between leaves only ours. */
function ledgerQueriesFor(server: ServerAndLedgers): readonly string[] {
  const { schema, ledgerSchema, tableName, hasOwnLedger } = server
  const names =
    ledgerSchema === null ? [] : [`select name from ${quoteTableName(ledgerSchema, tableName)} order by id`]
  return schema !== null && hasOwnLedger ? [...names, lastEventsQuery(schema)] : names
}

function parseLedgers(
  { ledgerSchema: schema, hasOwnLedger }: ServerAndLedgers,
  results: readonly QueryResult[],
  findRevision: (name: string) => string,
): Pick<Inspection, 'ledger' | 'identity'> {
  const { last, identity } = parseLastEvents(hasOwnLedger ? rowsOf(results.at(-1)) : [])
  if (schema === null) return { ledger: null, identity }
  const names = rowsOf(results[0]).map(({ name }) => String(name))
  const records = names.map((name) => ({ name, revision: findRevision(name) }))
  return { ledger: { schema, records, last }, identity }
}

function recordedRevisions(
  { schema, searchPath }: ServerAndLedgers,
  ledger: Ledger | null,
  live: Catalog,
): RecordedRevisions {
  const schemas = new Set([...searchPath, schema ?? ''].map(quoteName))
  const hasTables = keysOf(live).some(
    (key) => key.startsWith('table:') && schemas.has(parseKey(key).names[0] ?? ''),
  )
  return {
    revisions: revisionsOf(ledger),
    // An interrupted first revision explains the tables.
    hasTables: hasTables && (ledger?.last.size ?? 0) === 0,
  }
}

function revisionsOf(ledger: Ledger | null): readonly string[] {
  return [...new Set((ledger?.records ?? []).map(({ revision }) => revision))]
}

function explainMissingPrivilege(error: unknown, connection: Connection): unknown {
  if (!hasSqlState(error, sqlState.insufficientPrivilege)) return error
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `The role lacks a privilege to read what is verified: ${error.message}.`,
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [['grant select', 'on the ledger tables to this role']],
    cause: error,
  })
}
