import type pg from 'pg'
import type { RecordedRevisions } from '../../core/history/history.js'
import { type Catalog, keysOf, parseKey, quoteName } from '../../core/model/catalog.js'
import { defaultScope, type Scope } from '../../core/model/scope.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knex-project.js'
import type { Migration } from '../../project/migration-files.js'
import { createRevisionFinder } from '../../project/revision-name.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'
import { queryAll, type QueryResult, type Row, rowsOf } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { ledgerTablesOf, createCatalogReader } from '../introspect/read-catalog.js'
import { closedSchemaError, hiddenLedgerError } from '../ledger/ledger-access.js'
import {
  lastEventsQuery,
  ledgerTable,
  parseLastEvents,
  type Ledger,
  quoteTableName,
} from '../ledger/ledger.js'
import { otherLedgerQuery, parseOtherLedgers } from '../ledger/other-ledgers.js'
import { catalogLockedError } from '../locks/blocked-read.js'
import type { Inspection } from './inspection.js'
import {
  fingerprintOf,
  type ServerAndLedgers,
  parseServerAndLedgers,
  serverAndLedgerQueries,
  serverResultCount,
  rollBackQuietly,
} from './server-and-ledgers.js'

export interface InspectOptions {
  readonly connection: Connection
  readonly project: KnexProject
  /** Those of this build, by which the names in the ledger are told. */
  readonly migrations: readonly Migration[]
  /** Statement timeout in milliseconds; 0 for none. */
  readonly timeout?: number
  /** Says whether to read comments and grants. Default: neither. */
  readonly scope?: Pick<Scope, 'comments' | 'grants'>
}

/**
 * Reads server, ledgers and catalog in one repeatable-read transaction of two round trips. The role needs to read only.
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
    const { server, live, serverResults } = await readServerAndCatalog(client, options)
    const ownQueries = ledgerQueriesFor(server)
    const ledgerQueries = [...ownQueries, ...server.others.map(otherLedgerQuery)]
    const ledgerResults = ledgerQueries.length === 0 ? [] : await queryAll(client, ledgerQueries.join(';\n'))
    await client.query('commit')
    const findRevision = createRevisionFinder(options.migrations)
    const { ledger, identity } = parseLedgers(server, ledgerResults.slice(0, ownQueries.length), findRevision)
    const { user, name, major, serverVersion, readOnly, locked, schema, mayWriteLedger, others } = server
    return {
      database: { ...addressOf(options.connection), user, name },
      major,
      serverVersion,
      readOnly,
      locked,
      schema,
      ledger,
      identity,
      recorded: recordedRevisions(server, ledger, live),
      otherLedgers: parseOtherLedgers(others, ledgerResults.slice(ownQueries.length), findRevision),
      mayWriteLedger,
      live,
      fingerprint: fingerprintOf(ledgerQueries, [...serverResults, ...ledgerResults]),
    }
  } catch (error) {
    await rollBackQuietly(client)
    throw hasSqlState(error, sqlState.lockNotAvailable)
      ? await catalogLockedError(client, error)
      : explainMissingPrivilege(error, options.connection)
  }
}

async function readServerAndCatalog(
  client: pg.ClientBase,
  options: InspectOptions,
): Promise<{ server: ServerAndLedgers; live: Catalog; serverResults: readonly QueryResult[] }> {
  const { connection, project, scope = defaultScope } = options
  const { comments, grants } = scope
  const reader = createCatalogReader({ ...ledgerTablesOf(project), comments, grants })
  const results = await queryAll(client, [...serverAndLedgerQueries(options), ...reader.queries].join(';\n'))
  const serverResults = results.slice(0, serverResultCount)
  const [serverRows = [], tables = []] = serverResults.map(rowsOf)
  const server = parseServerAndLedgers(serverRows[0] ?? {}, tables, project)
  refuseHiddenLedger(server, tables, connection)
  refuseMisplacedLedger(server, tables, connection, project)
  return { server, live: await reader.parse(results.slice(serverResultCount)), serverResults }
}

/** Where the knexfile names a schema, it may belong to one of several services, each with a ledger in a schema of its own. */
function refuseMisplacedLedger(
  { schema, searchPath }: ServerAndLedgers,
  tables: readonly Row[],
  connection: Connection,
  project: KnexProject,
): void {
  const namesSchema = project.schemaName !== null || project.searchPath.length > 0
  const visible = new Set(project.schemaName === null ? [...searchPath, schema] : [schema])
  const found = tables
    .filter((row) => row['table'] === project.tableName)
    .map((row) => String(row['schema']))
    .filter((each) => !namesSchema || visible.has(each))
  if (found.length === 0 || (found.length === 1 && found[0] === schema)) return
  throw new SchemaError('SCHEMA_LEDGER_MISPLACED', {
    what: `Knex would use a ledger in schema "${schema ?? 'none'}", but this database has one in a different schema. Nothing was done: Knex would create everything a second time.`,
    facts: [
      ['database', describeAddress(addressOf(connection))],
      [project.tableName, found.map((each) => `${each}.${project.tableName}`)],
      ['search_path', searchPath.join(', ')],
    ],
    choices: [
      ['searchPath, schemaName', 'in the knexfile name the schema of the ledger'],
      ['drop table', 'removes a ledger that is not in use, with all that it records'],
    ],
  })
}

function refuseHiddenLedger(
  { schema, user, name, tableName, ledgerSchema, closedSchema }: ServerAndLedgers,
  tables: readonly Row[],
  connection: Connection,
): void {
  const address = { ...addressOf(connection), user, name }
  if (ledgerSchema === null && closedSchema !== null) throw closedSchemaError(closedSchema, address)
  const own = [tableName, ledgerTable]
  const hidden = tables.find(
    (row) => row['hidden'] === true && row['schema'] === schema && own.includes(String(row['table'])),
  )
  if (hidden === undefined || schema === null) return
  const table = `${quoteName(schema)}.${quoteName(String(hidden['table']))}`
  throw hiddenLedgerError(table, address)
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
    revisions: [...new Set((ledger?.records ?? []).map(({ revision }) => revision))],
    // An interrupted first revision explains the tables.
    hasTables: hasTables && (ledger?.last.size ?? 0) === 0,
  }
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
