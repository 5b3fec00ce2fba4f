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
import { lastEventsQuery, parseLastEvents, quoteTableName } from '../ledger/ledger.js'
import { otherLedgerQuery, parseOtherLedgers } from '../ledger/other-ledgers.js'
import { catalogLockedError } from '../locks/blocked-read.js'
import type {
  Inspection,
  InspectionWithoutCatalog,
  UnchangedInspection,
  VerifiedState,
} from './inspection.js'
import { refuseHiddenLedger, refuseMisplacedLedger } from './refuse-ledger.js'
import {
  fingerprintOf,
  type ServerAndLedgers,
  parseServerAndLedgers,
  serverAndLedgerQueries,
  serverResultCount,
  rollBackQuietly,
} from './server-and-ledgers.js'
import { findVerifiedState, verifiedStatesQuery } from './verified-state.js'

export interface InspectOptions {
  readonly connection: Connection
  readonly project: KnexProject
  /** Those of this build, by which the names in the ledger are told. */
  readonly migrations: readonly Migration[]
  /** Statement timeout in milliseconds; 0 for none. */
  readonly timeout?: number
  /** What to read beside definitions, such as comments and grants. Default: nothing. */
  readonly scope?: AnnotationOptions
  /** What to do while the server reads the catalog. */
  readonly whileRead?: () => Promise<unknown>
}

/**
 * Reads server, ledgers and catalog in one repeatable-read transaction of two round trips. The role needs to read only.
 * Throws SCHEMA_LEDGER_MISPLACED, SCHEMA_PRIVILEGE_MISSING, SCHEMA_CATALOG_LOCKED.
 */
export function inspect(client: pg.ClientBase, options: InspectOptions): Promise<Inspection> {
  return attemptTo(client, options, async () => {
    const reader = catalogReaderFor(options)
    const [asked] = await Promise.all([askServer(client, options, reader.queries), options.whileRead?.()])
    const read = await readLedgers(client, asked, null)
    await client.query('commit')
    return withCatalog(read, await reader.parse(asked.furtherResults), options)
  })
}

/**
 * The same, but does not read the catalog of a database that is in a state in which it was found to keep the promise of this
 * digest. Otherwise it takes a third round trip.
 */
export function inspectUnlessVerified(
  client: pg.ClientBase,
  options: InspectOptions,
  digest: string,
): Promise<Inspection | UnchangedInspection> {
  return attemptTo(client, options, async () => {
    const read = await readLedgers(client, await askServer(client, options, []), digest)
    const { verified } = read
    if (verified !== null) {
      await client.query('commit')
      const hasTables = (verified.compared['table'] ?? 0) > 0
      return { ...describeDatabase(read, { hasTables }, options), verified }
    }
    const reader = catalogReaderFor(options)
    const [results] = await Promise.all([queryAll(client, reader.queries.join(';\n')), options.whileRead?.()])
    await client.query('commit')
    return withCatalog(read, await reader.parse(results), options)
  })
}

const maxInspectAttempts = 5

/** Inspects again where an object was dropped meanwhile, and explains all other errors. */
export async function attemptTo<T>(
  client: pg.ClientBase,
  { connection }: InspectOptions,
  read: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await read()
    } catch (error) {
      await rollBackQuietly(client)
      if (hasSqlState(error, sqlState.lockNotAvailable)) throw await catalogLockedError(client, error)
      if (!isConcurrentDrop(error) || attempt === maxInspectAttempts)
        throw explainMissingPrivilege(error, connection)
    }
}

/** The rows come from one snapshot, but pg_get_*def() sees the present: it fails for an object that was dropped meanwhile. */
function isConcurrentDrop(error: unknown): boolean {
  return hasSqlState(error, sqlState.internalError)
}

function catalogReaderFor({ project, scope = {} }: InspectOptions): CatalogReader {
  const { comments = false, grants = false, structure = false } = scope
  return createCatalogReader({ ...ledgerTablesOf(project), comments, grants, structure })
}

interface AskedServer {
  readonly server: ServerAndLedgers
  readonly serverResults: readonly QueryResult[]
  /** The results of the queries in the same message. */
  readonly furtherResults: readonly QueryResult[]
}

export async function askServer(
  client: pg.ClientBase,
  options: InspectOptions,
  furtherQueries: readonly string[],
): Promise<AskedServer> {
  const { connection, project } = options
  const results = await queryAll(client, [...serverAndLedgerQueries(options), ...furtherQueries].join(';\n'))
  const serverResults = results.slice(0, serverResultCount)
  const [serverRows = [], tables = []] = serverResults.map(rowsOf)
  const server = parseServerAndLedgers(serverRows[0] ?? {}, tables, project)
  refuseHiddenLedger(server, tables, connection)
  refuseMisplacedLedger(server, tables, connection, project)
  return { server, serverResults, furtherResults: results.slice(serverResultCount) }
}

interface ReadLedgers extends Pick<InspectionWithoutCatalog, 'fingerprint'> {
  readonly server: ServerAndLedgers
  readonly ownResults: readonly QueryResult[]
  readonly otherResults: readonly QueryResult[]
  readonly verified: VerifiedState | null
}

/** The ledgers, and whether the database is as it was when it was found to keep the promise of a digest. */
async function readLedgers(
  client: pg.ClientBase,
  { server, serverResults }: AskedServer,
  digest: string | null,
): Promise<ReadLedgers> {
  const { schema, hasOwnLedger } = server
  const ownQueries = ledgerQueriesFor(server)
  const ledgerQueries = [...ownQueries, ...server.others.map(otherLedgerQuery)]
  const stateQueries =
    digest === null || schema === null || !hasOwnLedger ? [] : [verifiedStatesQuery(schema, digest)]
  const queries = [...ledgerQueries, ...stateQueries]
  const results = queries.length === 0 ? [] : await queryAll(client, queries.join(';\n'))
  const ledgerResults = results.slice(0, ledgerQueries.length)
  const fingerprint = fingerprintOf(ledgerQueries, [...serverResults, ...ledgerResults])
  return {
    server,
    fingerprint,
    verified: findVerifiedState(rowsOf(results[ledgerQueries.length]), fingerprint),
    ownResults: ledgerResults.slice(0, ownQueries.length),
    otherResults: ledgerResults.slice(ownQueries.length),
  }
}

function withCatalog(read: ReadLedgers, live: Catalog, options: InspectOptions): Inspection {
  const { schema, searchPath } = read.server
  const schemas = new Set([...searchPath, schema ?? ''].map(quoteName))
  const hasTables = keysOf(live).some(
    (key) => key.startsWith('table:') && schemas.has(parseKey(key).names[0] ?? ''),
  )
  return { ...describeDatabase(read, { hasTables }, options), live }
}

function describeDatabase(
  { server, ownResults, otherResults, fingerprint }: ReadLedgers,
  { hasTables }: Pick<RecordedRevisions, 'hasTables'>,
  { connection, migrations }: InspectOptions,
): InspectionWithoutCatalog {
  const findRevision = createRevisionFinder(migrations)
  const { ledger, identity } = parseLedgers(server, ownResults, findRevision)
  return {
    database: { ...addressOf(connection), user: server.user, name: server.name },
    major: server.major,
    serverVersion: server.serverVersion,
    readOnly: server.readOnly,
    locked: server.locked,
    schema: server.schema,
    ledger,
    identity,
    recorded: {
      revisions: [...new Set((ledger?.records ?? []).map(({ revision }) => revision))],
      // An interrupted first revision explains the tables.
      hasTables: hasTables && (ledger?.last.size ?? 0) === 0,
    },
    otherLedgers: parseOtherLedgers(server.others, otherResults, findRevision),
    mayWriteLedger: server.mayWriteLedger,
    mayWriteOwnLedger: server.mayWriteOwnLedger,
    fingerprint,
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

function explainMissingPrivilege(error: unknown, connection: Connection): unknown {
  if (!hasSqlState(error, sqlState.insufficientPrivilege)) return error
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `The role lacks a privilege to read what is verified: ${error.message}.`,
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [['grant select', 'on the ledger tables to this role']],
    cause: error,
  })
}
