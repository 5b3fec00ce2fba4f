import pg from 'pg'
import type { KnexProject } from '../../project/knexfile.js'
import { queryRows, type Row } from '../connection/query.js'
import { catalogHashQuery } from '../introspect/catalog-hash.js'
import { canonicalSessionStatements } from '../introspect/queries/catalog-queries.js'
import { ledgerTable } from '../ledger/ledger.js'
import { lockHeldCondition } from '../locks/advisory-lock.js'

/** Where a connection has led, and what is there of ledgers. */
export interface ServerAndLedgers {
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

export interface ServerQueryOptions {
  readonly project: KnexProject
  /** Statement timeout in milliseconds; 0 for none. */
  readonly timeout?: number
}

const catalogLockTimeout = 1_000

/** How many results `placeQueries` have: the server, the tables that may be ledgers, the hash of the catalog. */
export const serverResultCount = 3

/** The beginning of a message that looks at a database: one read-only snapshot, and from then on a canonical session. */
export function serverAndLedgerQueries({ project, timeout = 0 }: ServerQueryOptions): readonly string[] {
  const { searchPath } = project
  return [
    'begin transaction isolation level repeatable read read only',
    `set local statement_timeout to ${timeout}`,
    // PostgreSQL prints defaults, indexes and views under a lock of their table, which waits for whoever alters it.
    `set local lock_timeout to ${catalogLockTimeout}`,
    ...(searchPath.length === 0
      ? []
      : [`set local search_path to ${searchPath.map((name) => pg.escapeIdentifier(name)).join(', ')}`]),
    serverQuery(project.tableName),
    ledgerTablesQuery(project),
    canonicalSessionStatements(),
    catalogHashQuery(),
  ]
}

function serverQuery(tableName: string): string {
  return `select current_user as user, current_database() as name, current_schema() as schema,
    array_to_json(current_schemas(false)) as path, current_setting('server_version') as version,
    current_setting('server_version_num')::int as number,
    pg_is_in_recovery() as standby,
    ${lockHeldCondition(tableName)} as locked`
}

/**
 * The tables that may be ledgers, in every schema: a search_path can hide one, and Knex would then build a second. Those
 * of others are passed over where this role may not read them; its own must be found, or the database would look unmanaged.
 */
function ledgerTablesQuery({ tableName, schemaName }: KnexProject): string {
  const schema = schemaName === null ? 'current_schema()' : pg.escapeLiteral(schemaName)
  return `select n.nspname as schema, c.relname as table
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname in (${pg.escapeLiteral(tableName)}, '${ledgerTable}') and c.relkind in ('r', 'p')
      and n.nspname !~ '^pg_' and has_schema_privilege(n.oid, 'usage')
      and (has_table_privilege(c.oid, 'select') or n.nspname = ${schema})
    order by 1`
}

/** What the first two results of `placeQueries` say. */
export function parseServerAndLedgers(
  server: Row,
  tables: readonly Row[],
  { tableName, schemaName }: KnexProject,
): ServerAndLedgers {
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
export async function rollBackQuietly(client: pg.ClientBase): Promise<void> {
  await queryRows(client, 'rollback').catch(() => [])
}
