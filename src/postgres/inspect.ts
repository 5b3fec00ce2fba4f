import pg from 'pg'
import { type Catalog, parseKey, quoteName } from '../core/catalog.js'
import type { Recorded } from '../core/history.js'
import { SchemaError } from '../errors.js'
import { canonicalSession } from './catalog.sql.js'
import { addressOf, type DatabaseAddress, describeAddress } from './address.js'
import type { Connection } from './connect.js'
import { ledgerTablesOf, readingOf } from './introspect.js'
import { asAttempt, interruptedAttempts, type Ledger, ledgerTable, qualified } from './ledger.js'
import { lockIsHeld } from './lock.js'
import { revisionOf } from './migrations.js'
import type { KnexProject } from './project.js'
import { queryAll, queryRows, type Rows } from './query.js'

/** What is true of a database at one moment: read-only, one snapshot, nothing created. */
export interface Inspection {
  readonly database: DatabaseAddress
  /** The server's major version. */
  readonly major: number
  readonly serverVersion: string
  /** A standby, or a session that may not write. */
  readonly readOnly: boolean
  /** Whether some process is migrating right now. */
  readonly locked: boolean
  /** The PostgreSQL schema Knex would use for its ledger, null where it has none to use. */
  readonly schema: string | null
  readonly ledger: Ledger | null
  readonly recorded: Recorded
  readonly live: Catalog
}

export interface InspectOptions {
  readonly connection: Connection
  readonly project: KnexProject
  /** Statement timeout in milliseconds; 0 for none. */
  readonly timeout?: number
}

/**
 * Reads server, ledger and catalog in one repeatable-read transaction of two round trips. Works for a role that may only
 * read. Throws SCHEMA_LEDGER_MISPLACED, SCHEMA_PRIVILEGE_MISSING.
 */
export async function inspect(client: pg.ClientBase, options: InspectOptions): Promise<Inspection> {
  try {
    const { place, live } = await readPlace(client, options)
    const ledger = await readLedger(client, place)
    await client.query('commit')
    return inspectionFrom({ place, live, ledger, connection: options.connection })
  } catch (error) {
    await rollBack(client)
    throw explained(error, options)
  }
}

interface Place {
  readonly user: string
  readonly name: string
  readonly schema: string | null
  readonly searchPath: readonly string[]
  readonly serverVersion: string
  readonly major: number
  readonly readOnly: boolean
  readonly locked: boolean
  readonly ledgerSchema: string | null
  readonly tableName: string
  readonly hasOwnLedger: boolean
}

async function readPlace(
  client: pg.ClientBase,
  { connection, project, timeout = 0 }: InspectOptions,
): Promise<{ place: Place; live: Catalog }> {
  const reading = readingOf(ledgerTablesOf(project))
  const { searchPath } = project
  const text = [
    'begin transaction isolation level repeatable read read only',
    `set local statement_timeout to ${timeout}`,
    ...(searchPath.length === 0
      ? []
      : [`set local search_path to ${searchPath.map((name) => pg.escapeIdentifier(name)).join(', ')}`]),
    serverQuery(project.tableName),
    tablesQuery(project),
    canonicalSession(),
    ...reading.queries,
  ]
  const [server, tables, ...catalog] = await queryAll(client, text.join(';\n'))
  const place = placeFrom(objects(server)[0] ?? {}, objects(tables), project)
  refuseMisplaced(place, { connection, project, found: objects(tables) })
  return { place, live: reading.parse(catalog) }
}

function serverQuery(tableName: string): string {
  return `select current_user as user, current_database() as name, current_schema() as schema,
    array_to_json(current_schemas(false)) as path, current_setting('server_version') as version,
    current_setting('server_version_num')::int as number,
    pg_is_in_recovery() as standby,
    ${lockIsHeld(tableName)} as locked`
}

/**
 * The tables that may be ledgers, in every schema: a search_path can hide one, and Knex would then build a second. Those
 * of others are passed over where this role may not read them; its own must be found, or the database would look unmanaged.
 */
function tablesQuery({ tableName, schemaName }: KnexProject): string {
  const schema = schemaName === null ? 'current_schema()' : pg.escapeLiteral(schemaName)
  const knexTable = pg.escapeLiteral(tableName)
  return `select n.nspname as schema, c.relname as table
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname in (${knexTable}, '${ledgerTable}') and c.relkind in ('r', 'p')
      and n.nspname !~ '^pg_' and has_schema_privilege(n.oid, 'usage')
      and (has_table_privilege(c.oid, 'select') or (n.nspname = ${schema} and c.relname = ${knexTable}))
    order by 1`
}

type Row = Readonly<Record<string, unknown>>

function objects(result: Rows | undefined): readonly Row[] {
  if (result === undefined) return []
  return result.rows.map((row) => Object.fromEntries(result.columns.map((name, index) => [name, row[index]])))
}

function placeFrom(server: Row, tables: readonly Row[], { tableName, schemaName }: KnexProject): Place {
  const schema = schemaName ?? (typeof server['schema'] === 'string' ? server['schema'] : null)
  const has = (table: string): boolean =>
    tables.some((row) => row['table'] === table && row['schema'] === schema)
  return {
    user: String(server['user']),
    name: String(server['name']),
    schema,
    searchPath: Array.isArray(server['path']) ? server['path'].map(String) : [],
    serverVersion: String(server['version']),
    major: Math.floor(Number(server['number']) / 10_000),
    readOnly: server['standby'] === true,
    locked: server['locked'] === true,
    ledgerSchema: has(tableName) ? schema : null,
    tableName,
    hasOwnLedger: has(ledgerTable),
  }
}

interface FoundTables {
  readonly connection: Connection
  readonly project: KnexProject
  readonly found: readonly Row[]
}

/** With settings that name a schema, ledgers of other services beside it are no business of ours. */
function refuseMisplaced({ schema, searchPath }: Place, { connection, project, found }: FoundTables): void {
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

async function readLedger(client: pg.ClientBase, place: Place): Promise<Ledger | null> {
  const { ledgerSchema: schema, tableName, hasOwnLedger } = place
  if (schema === null) return null
  const text = [`select name from ${qualified(schema, tableName)} order by id`]
  if (hasOwnLedger) text.push(interruptedAttempts(schema))
  const [names, attempts] = await queryAll(client, text.join(';\n'))
  const recorded = objects(names).map(({ name }) => String(name))
  const known = new Set(recorded.map(revisionOf))
  const interrupted = objects(attempts)
    .map(asAttempt)
    .filter(({ revision }) => !known.has(revision))
  return { schema, names: recorded, interrupted }
}

interface Read {
  readonly place: Place
  readonly live: Catalog
  readonly ledger: Ledger | null
  readonly connection: Connection
}

function inspectionFrom({ place, live, ledger, connection }: Read): Inspection {
  const { major, serverVersion, readOnly, locked, schema } = place
  const schemas = new Set([...place.searchPath, schema ?? ''].map(quoteName))
  const hasTables = Object.keys(live).some((key) => {
    const { kind, names } = parseKey(key)
    return kind === 'table' && schemas.has(names[0] ?? '')
  })
  return {
    database: { ...addressOf(connection), user: place.user, name: place.name },
    major,
    serverVersion,
    readOnly,
    locked,
    schema,
    ledger,
    recorded: { revisions: [...new Set((ledger?.names ?? []).map(revisionOf))], hasTables },
    live,
  }
}

/** After a lost connection there is nothing to roll back, and the first error is the one to show. */
async function rollBack(client: pg.ClientBase): Promise<void> {
  await queryRows(client, 'rollback').catch(() => [])
}

function explained(error: unknown, { connection }: InspectOptions): unknown {
  if (!(error instanceof pg.DatabaseError) || error.code !== '42501') return error
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `The role may not read what has to be verified: ${error.message}.`,
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [['grant select', 'on the ledger tables to this role']],
    cause: error,
  })
}
