import pg from 'pg'
import type { KnexProject } from '../../project/knexfile.js'
import { queryRows, type Rows } from '../connection/query.js'
import { catalogHashQuery } from '../introspect/catalog-hash.js'
import { canonicalSession } from '../introspect/queries/all.sql.js'
import { ledgerTable } from '../ledger/ledger.js'
import { lockIsHeld } from '../locks/advisory-lock.js'

/** Where a connection has led, and what is there of ledgers. */
export interface Place {
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

export interface PlaceOptions {
  readonly project: KnexProject
  /** Statement timeout in milliseconds; 0 for none. */
  readonly timeout?: number
}

const lockTimeout = 1_000

/** How many results `placeQueries` have: the server, the tables that may be ledgers, the hash of the catalog. */
export const placeResults = 3

/** The beginning of a message that looks at a database: one read-only snapshot, and from then on a canonical session. */
export function placeQueries({ project, timeout = 0 }: PlaceOptions): readonly string[] {
  const { searchPath } = project
  return [
    'begin transaction isolation level repeatable read read only',
    `set local statement_timeout to ${timeout}`,
    // PostgreSQL prints defaults, indexes and views under a lock of their table, which waits for whoever alters it.
    `set local lock_timeout to ${lockTimeout}`,
    ...(searchPath.length === 0
      ? []
      : [`set local search_path to ${searchPath.map((name) => pg.escapeIdentifier(name)).join(', ')}`]),
    serverQuery(project.tableName),
    tablesQuery(project),
    canonicalSession(),
    catalogHashQuery(),
  ]
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
  return `select n.nspname as schema, c.relname as table
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname in (${pg.escapeLiteral(tableName)}, '${ledgerTable}') and c.relkind in ('r', 'p')
      and n.nspname !~ '^pg_' and has_schema_privilege(n.oid, 'usage')
      and (has_table_privilege(c.oid, 'select') or n.nspname = ${schema})
    order by 1`
}

export type Row = Readonly<Record<string, unknown>>

/** The rows of a result, each as an object of its columns. */
export function objects(result: Rows | undefined): readonly Row[] {
  if (result === undefined) return []
  return result.rows.map((row) => Object.fromEntries(result.columns.map((name, index) => [name, row[index]])))
}

/** What the first two results of `placeQueries` say. */
export function placeFrom(
  server: Row,
  tables: readonly Row[],
  { tableName, schemaName }: KnexProject,
): Place {
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

/** After a lost connection there is nothing to roll back, and the first error is the one to show. */
export async function rollBack(client: pg.ClientBase): Promise<void> {
  await queryRows(client, 'rollback').catch(() => [])
}
