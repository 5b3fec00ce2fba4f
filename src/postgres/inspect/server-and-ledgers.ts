import pg from 'pg'
import type { KnexProject } from '../../project/knex-project.js'
import type { Connection } from '../connection/connect.js'
import { queryRows, type QueryResult, type Row } from '../connection/query.js'
import { canonicalSessionStatements } from '../introspect/canonical-session.js'
import { catalogHashQuery } from '../introspect/catalog-hash.js'
import { hidesRowsCondition } from '../ledger/ledger-access.js'
import { ledgerTable } from '../ledger/ledger.js'
import { findLedgerTables, ledgerKindExpression, type LedgerTable } from '../ledger/other-ledgers.js'
import { lockHeldCondition } from '../locks/advisory-lock.sql.js'
import type { InspectionFingerprint } from './inspection.js'

/** The server and database behind a connection, and the ledgers in it. */
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
  readonly mayWriteLedger: boolean
  readonly mayWriteOwnLedger: boolean
  readonly others: readonly LedgerTable[]
  /** A schema with a ledger, which the role may not use; null where there is none. */
  readonly closedSchema: string | null
}

export interface ServerQueryOptions {
  readonly project: KnexProject
  /** Where its sessions are prepared by the knexfile, they have its search_path already. */
  readonly connection?: Pick<Connection, 'afterCreate'>
  /** Statement timeout in milliseconds; 0 for none. */
  readonly timeout?: number
}

const catalogLockTimeout = 1_000

/** `serverAndLedgerQueries` have three results: the server, the tables that may be ledgers, the hash of the catalog. */
export const serverResultCount = 3

/** The first statements of an inspection. They open a read-only snapshot and set up a canonical session. */
export function serverAndLedgerQueries({
  project,
  connection,
  timeout = 0,
}: ServerQueryOptions): readonly string[] {
  const { searchPath } = project
  return [
    'begin transaction isolation level repeatable read read only',
    `set local statement_timeout to ${timeout}`,
    // Printing defaults, indexes and views locks their table, which waits for a session that alters the table.
    `set local lock_timeout to ${catalogLockTimeout}`,
    ...(searchPath.length === 0 || connection?.afterCreate !== undefined
      ? []
      : [`set local search_path to ${searchPath.map((name) => pg.escapeIdentifier(name)).join(', ')}`]),
    serverQuery(project),
    ledgerTablesQuery(project),
    canonicalSessionStatements(),
    catalogHashQuery(),
  ]
}

function serverQuery({ tableName, schemaName }: KnexProject): string {
  return `select current_user as user, current_database() as name, current_schema() as schema,
    array_to_json(current_schemas(false)) as path, current_setting('server_version') as version,
    current_setting('server_version_num')::int as number,
    pg_is_in_recovery() as standby, has_schema_privilege(current_schema(), 'create') as creatable,
    ${lockHeldCondition(tableName)} as locked, ${closedSchemaQuery(tableName, schemaName)} as closed`
}

/** A schema with a ledger that Knex would use if the role might use the schema: without that, it seems not to be there. */
function closedSchemaQuery(tableName: string, schemaName: string | null): string {
  const path = `string_to_array(replace(replace(current_setting('search_path'), '"', ''), ' ', ''), ',')`
  const named =
    schemaName === null
      ? `replace(n.nspname, current_user, '$user') = any (${path}) or n.nspname = any (${path})`
      : `n.nspname = ${pg.escapeLiteral(schemaName)}`
  return `(select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relname = ${pg.escapeLiteral(tableName)} and c.relkind in ('r', 'p')
        and not has_schema_privilege(n.oid, 'usage') and (${named}) limit 1)`
}

/**
 * The tables that may be ledgers, in all schemas and under all names: where the search_path hides one, Knex would create a
 * second, and another service has one of its own. Ledgers in other schemas count only where the role may read them. The one in the project's own schema always counts: without it the
 * database would seem unmanaged.
 */
function ledgerTablesQuery({ tableName, schemaName }: KnexProject): string {
  const schema = schemaName === null ? 'current_schema()' : pg.escapeLiteral(schemaName)
  return `select n.nspname as schema, c.relname as table, ${hidesRowsCondition('select')} as hidden,
      has_table_privilege(c.oid, 'insert') as writable, ${ledgerKindExpression('c.oid')} as kind
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and (c.relname in (${pg.escapeLiteral(tableName)}, '${ledgerTable}')
        or ${ledgerKindExpression('c.oid')} is not null)
      and n.nspname !~ '^pg_' and has_schema_privilege(n.oid, 'usage')
      and (has_table_privilege(c.oid, 'select') or n.nspname = ${schema})
    order by 1, 2`
}

/** Parses the first two results of `serverAndLedgerQueries`. */
export function parseServerAndLedgers(
  server: Row,
  tables: readonly Row[],
  project: KnexProject,
): ServerAndLedgers {
  const { tableName, schemaName } = project
  const schema = schemaName ?? (typeof server['schema'] === 'string' ? server['schema'] : null)
  const find = (table: string): Row | undefined =>
    tables.find((row) => row['table'] === table && row['schema'] === schema)
  const [knexLedger, ownLedger] = [find(tableName), find(ledgerTable)]
  const searchPath = Array.isArray(server['path']) ? server['path'].map(String) : []
  return {
    user: String(server['user']),
    name: String(server['name']),
    schema,
    searchPath,
    serverVersion: String(server['version']),
    major: Math.floor(Number(server['number']) / 10_000),
    readOnly: server['standby'] === true,
    locked: server['locked'] === true,
    ledgerSchema: knexLedger === undefined ? null : schema,
    tableName,
    hasOwnLedger: ownLedger !== undefined,
    mayWriteLedger:
      (knexLedger ? knexLedger['writable'] : schemaName !== null || server['creatable']) !== false,
    mayWriteOwnLedger: ownLedger?.['writable'] === true,
    others: otherTables(tables, project, schema, searchPath),
    closedSchema: typeof server['closed'] === 'string' ? server['closed'] : null,
  }
}

/** Where the knexfile names a schema, others may have ledgers in theirs: services share a database in this way. */
function otherTables(
  tables: readonly Row[],
  { tableName, schemaName, searchPath: named }: KnexProject,
  schema: string | null,
  searchPath: readonly string[],
): readonly LedgerTable[] {
  const namesSchema = schemaName !== null || named.length > 0
  const visible = new Set(schemaName === null ? [...searchPath, schema] : [schema])
  return findLedgerTables(tables, (each) =>
    each.schema === schema
      ? [tableName, ledgerTable].includes(each.table)
      : namesSchema && !visible.has(each.schema),
  )
}

export function fingerprintOf(
  ledgerQueries: readonly string[],
  results: readonly QueryResult[],
): InspectionFingerprint {
  return { ledgerQueries, results: JSON.stringify(results.map(({ rows }) => rows)) }
}

/** Rolls back without throwing: after a lost connection it fails too, and the first error is the one to show. */
export async function rollBackQuietly(client: pg.ClientBase): Promise<void> {
  await queryRows(client, 'rollback').catch(() => [])
}
