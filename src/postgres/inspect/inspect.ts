import pg from 'pg'
import type { Recorded } from '../../core/history/history.js'
import type { Identity } from '../../core/history/ownership.js'
import { type Catalog, parseKey, quoteName } from '../../core/model/catalog.js'
import { defaultScope, type Scope } from '../../core/model/scope.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knexfile.js'
import { revisionOf } from '../../project/migration-files.js'
import { addressOf, type DatabaseAddress, describeAddress } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'
import { queryAll, type Rows } from '../connection/query.js'
import { ledgerTablesOf, readingOf } from '../introspect/read-catalog.js'
import { lastEvents, lastFrom, type Ledger, qualified } from '../ledger/ledger.js'
import { catalogLocked, isLocked } from '../locks/blocked-read.js'
import { type Evidence, evidenceOf } from './fingerprint.js'
import {
  objects,
  type Place,
  placeFrom,
  placeQueries,
  placeResults,
  rollBack,
  type Row,
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
  readonly identity: Identity | null
  readonly recorded: Recorded
  readonly live: Catalog
  readonly evidence: Evidence
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
      if (!isOvertaken(error) || attempt === attempts) throw error
    }
}

const attempts = 5

/** The rows are those of one snapshot, but PostgreSQL prints an object as it is now: one that was just dropped it cannot find. */
function isOvertaken(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === 'XX000'
}

async function inspectOnce(client: pg.ClientBase, options: InspectOptions): Promise<Inspection> {
  try {
    const { place, live, found } = await readPlace(client, options)
    const queries = ledgerQueries(place)
    const rows = queries.length === 0 ? [] : await queryAll(client, queries.join(';\n'))
    await client.query('commit')
    const evidence = evidenceOf(queries, [...found, ...rows])
    return inspectionFrom({ place, live, ...ledgersFrom(place, rows), evidence, options })
  } catch (error) {
    await rollBack(client)
    throw isLocked(error) ? await catalogLocked(client, error) : explained(error, options)
  }
}

async function readPlace(
  client: pg.ClientBase,
  options: InspectOptions,
): Promise<{ place: Place; live: Catalog; found: readonly Rows[] }> {
  const { connection, project, scope = defaultScope } = options
  const { comments, grants } = scope
  const reading = readingOf({ ...ledgerTablesOf(project), comments, grants })
  const text = [...placeQueries(options), ...reading.queries].join(';\n')
  const results = await queryAll(client, text)
  const found = results.slice(0, placeResults)
  const [server, tables] = found
  const place = placeFrom(objects(server)[0] ?? {}, objects(tables), project)
  refuseMisplaced(place, { connection, project, found: objects(tables) })
  return { place, live: await reading.parse(results.slice(placeResults)), found }
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

/** The first migration makes our ledger before Knex makes its own: whoever is killed in between leaves ours alone. */
function ledgerQueries({ schema, ledgerSchema, tableName, hasOwnLedger }: Place): readonly string[] {
  const names =
    ledgerSchema === null ? [] : [`select name from ${qualified(ledgerSchema, tableName)} order by id`]
  return schema !== null && hasOwnLedger ? [...names, lastEvents(schema)] : names
}

function ledgersFrom(
  { ledgerSchema: schema, hasOwnLedger }: Place,
  results: readonly Rows[],
): Pick<Inspection, 'ledger' | 'identity'> {
  const { last, identity } = lastFrom(hasOwnLedger ? objects(results.at(-1)) : [])
  if (schema === null) return { ledger: null, identity }
  return { ledger: { schema, names: objects(results[0]).map(({ name }) => String(name)), last }, identity }
}

interface Read extends Pick<Inspection, 'ledger' | 'identity'> {
  readonly place: Place
  readonly live: Catalog
  readonly evidence: Evidence
  readonly options: InspectOptions
}

function inspectionFrom({ place, live, ledger, identity, evidence, options }: Read): Inspection {
  const { major, serverVersion, readOnly, locked, schema } = place
  const schemas = new Set([...place.searchPath, schema ?? ''].map(quoteName))
  const hasTables = Object.keys(live).some((key) => {
    const { kind, names } = parseKey(key)
    return kind === 'table' && schemas.has(names[0] ?? '')
  })
  return {
    database: { ...addressOf(options.connection), user: place.user, name: place.name },
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
    evidence,
  }
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
