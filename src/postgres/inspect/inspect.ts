import type pg from 'pg'
import type { RecordedRevisions } from '../../core/history/history.js'
import type { DatabaseIdentity } from '../../core/history/ownership.js'
import { type Catalog, parseKey, quoteName } from '../../core/model/catalog.js'
import { defaultScope, type Scope } from '../../core/model/scope.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knexfile.js'
import { revisionOf } from '../../project/migration-files.js'
import { addressOf, type DatabaseAddress, describeAddress } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'
import { queryAll, type QueryResult, type Row, rowsOf } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { ledgerTablesOf, createCatalogReader } from '../introspect/read-catalog.js'
import { lastEventsQuery, parseLastEvents, type Ledger, quoteTableName } from '../ledger/ledger.js'
import { catalogLockedError } from '../locks/blocked-read.js'
import { type InspectionFingerprint, fingerprintOf } from './fingerprint.js'
import {
  type ServerAndLedgers,
  parseServerAndLedgers,
  serverAndLedgerQueries,
  serverResultCount,
  rollBackQuietly,
} from './server-and-ledgers.js'

/** What is true of a database at one moment: read-only, one snapshot, nothing created. */
export interface Inspection {
  readonly database: DatabaseAddress
  /** The server's major version. */
  readonly major: number
  readonly serverVersion: string
  /** A standby. */
  readonly readOnly: boolean
  /** Whether some process is migrating right now. */
  readonly locked: boolean
  /** The PostgreSQL schema Knex would use for its ledger, null where it has none to use. */
  readonly schema: string | null
  readonly ledger: Ledger | null
  /** Whose it is; null before the first migration, and where only Knex kept a record. */
  readonly identity: DatabaseIdentity | null
  readonly recorded: RecordedRevisions
  readonly live: Catalog
  readonly fingerprint: InspectionFingerprint
}

export interface InspectOptions {
  readonly connection: Connection
  readonly project: KnexProject
  /** Statement timeout in milliseconds; 0 for none. */
  readonly timeout?: number
  /** Which of comments and grants to read. Default: neither. */
  readonly scope?: Pick<Scope, 'comments' | 'grants'>
}

/**
 * Reads server, ledger and catalog in one repeatable-read transaction of two round trips. Works for a role that may only
 * read. Throws SCHEMA_LEDGER_MISPLACED, SCHEMA_PRIVILEGE_MISSING, SCHEMA_CATALOG_LOCKED.
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

/** The rows are those of one snapshot, but PostgreSQL prints an object as it is now: one that was just dropped it cannot find. */
function isConcurrentDrop(error: unknown): boolean {
  return hasSqlState(error, sqlState.internalError)
}

async function inspectOnce(client: pg.ClientBase, options: InspectOptions): Promise<Inspection> {
  try {
    const { place, live, found } = await readServerAndCatalog(client, options)
    const queries = ledgerQueriesFor(place)
    const rows = queries.length === 0 ? [] : await queryAll(client, queries.join(';\n'))
    await client.query('commit')
    const evidence = fingerprintOf(queries, [...found, ...rows])
    return buildInspection({
      server: place,
      live,
      ...parseLedgers(place, rows),
      fingerprint: evidence,
      options,
    })
  } catch (error) {
    await rollBackQuietly(client)
    throw hasSqlState(error, sqlState.lockNotAvailable)
      ? await catalogLockedError(client, error)
      : explainMissingPrivilege(error, options)
  }
}

async function readServerAndCatalog(
  client: pg.ClientBase,
  options: InspectOptions,
): Promise<{ place: ServerAndLedgers; live: Catalog; found: readonly QueryResult[] }> {
  const { connection, project, scope = defaultScope } = options
  const { comments, grants } = scope
  const reader = createCatalogReader({ ...ledgerTablesOf(project), comments, grants })
  const text = [...serverAndLedgerQueries(options), ...reader.queries].join(';\n')
  const results = await queryAll(client, text)
  const found = results.slice(0, serverResultCount)
  const [server, tables] = found
  const place = parseServerAndLedgers(rowsOf(server)[0] ?? {}, rowsOf(tables), project)
  refuseMisplacedLedger(place, { connection, project, found: rowsOf(tables) })
  return { place, live: await reader.parse(results.slice(serverResultCount)), found }
}

interface FoundTables {
  readonly connection: Connection
  readonly project: KnexProject
  readonly found: readonly Row[]
}

/** With settings that name a schema, ledgers of other services beside it are no business of ours. */
function refuseMisplacedLedger(
  { schema, searchPath }: ServerAndLedgers,
  { connection, project, found }: FoundTables,
): void {
  const named = project.schemaName !== null || project.searchPath.length > 0
  const visible = new Set(project.schemaName === null ? [...searchPath, schema] : [schema])
  const places = found
    .filter((row) => row['table'] === project.tableName)
    .map((row) => String(row['schema']))
    .filter((place) => !named || visible.has(place))
  if (places.length === 0 || (places.length === 1 && places[0] === schema)) return
  throw new SchemaError('SCHEMA_LEDGER_MISPLACED', {
    what: `Knex would keep its record in schema "${schema ?? 'none'}", but this database has one elsewhere. Nothing was done: Knex would build everything a second time.`,
    facts: [
      ['database', describeAddress(addressOf(connection))],
      [project.tableName, places.map((place) => `${place}.${project.tableName}`)],
      ['search_path', searchPath.join(', ')],
    ],
    choices: [
      ['searchPath, schemaName', 'in the knexfile say which schema is meant'],
      ['drop table', 'removes a ledger that is not in use, with what it stands for'],
    ],
  })
}

/** The first migration makes our ledger before Knex makes its own: whoever is killed in between leaves ours alone. */
function ledgerQueriesFor({
  schema,
  ledgerSchema,
  tableName,
  hasOwnLedger,
}: ServerAndLedgers): readonly string[] {
  const names =
    ledgerSchema === null ? [] : [`select name from ${quoteTableName(ledgerSchema, tableName)} order by id`]
  return schema !== null && hasOwnLedger ? [...names, lastEventsQuery(schema)] : names
}

function parseLedgers(
  { ledgerSchema: schema, hasOwnLedger }: ServerAndLedgers,
  results: readonly QueryResult[],
): Pick<Inspection, 'ledger' | 'identity'> {
  const { last, identity } = parseLastEvents(hasOwnLedger ? rowsOf(results.at(-1)) : [])
  if (schema === null) return { ledger: null, identity }
  return {
    ledger: { schema, names: rowsOf(results[0]).map(({ name }) => String(name)), last },
    identity,
  }
}

interface InspectionParts extends Pick<Inspection, 'ledger' | 'identity'> {
  readonly server: ServerAndLedgers
  readonly live: Catalog
  readonly fingerprint: InspectionFingerprint
  readonly options: InspectOptions
}

function buildInspection({
  server,
  live,
  ledger,
  identity,
  fingerprint,
  options,
}: InspectionParts): Inspection {
  const { major, serverVersion, readOnly, locked, schema } = server
  const schemas = new Set([...server.searchPath, schema ?? ''].map(quoteName))
  const hasTables = Object.keys(live).some((key) => {
    const { kind, names } = parseKey(key)
    return kind === 'table' && schemas.has(names[0] ?? '')
  })
  return {
    database: { ...addressOf(options.connection), user: server.user, name: server.name },
    major,
    serverVersion,
    readOnly,
    locked,
    schema,
    ledger,
    identity,
    recorded: {
      revisions: [...new Set((ledger?.names ?? []).map(revisionOf))],
      // Where a first revision was begun, the tables are what it left.
      hasTables: hasTables && (ledger?.last.size ?? 0) === 0,
    },
    live,
    fingerprint,
  }
}

function explainMissingPrivilege(error: unknown, { connection }: InspectOptions): unknown {
  if (!hasSqlState(error, sqlState.insufficientPrivilege)) return error
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `The role may not read what has to be verified: ${error.message}.`,
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [['grant select', 'on the ledger tables to this role']],
    cause: error,
  })
}
