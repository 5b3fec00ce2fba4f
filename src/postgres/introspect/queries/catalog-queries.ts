import pg from 'pg'
import { foreignAndReplicationQueries, statisticsQueries } from './foreign-and-replication.sql.js'
import { defaultPrivilegesQuery } from './grants.sql.js'
import type { KindQuery } from './kind-query.js'
import { collationAndSearchQueries, languageQueries } from './languages-and-search.sql.js'
import { operatorQueries } from './operators.sql.js'
import { namespaceQueries, sequenceQueries, viewQueries } from './relations.sql.js'
import { routineQueries } from './routines.sql.js'
import {
  columnQueries,
  constraintAndIndexQueries,
  tableQueries,
  triggerAndPolicyQueries,
} from './tables.sql.js'
import { typeQueries } from './types.sql.js'

/** Settings that change how PostgreSQL prints definitions. */
const canonicalSettings = [
  'set local search_path to pg_catalog',
  `set local datestyle to 'ISO, MDY'`,
  `set local timezone to 'UTC'`,
  `set local intervalstyle to 'postgres'`,
  'set local extra_float_digits to 1',
  `set local bytea_output to 'hex'`,
  `set local lc_monetary to 'C'`,
  'set local standard_conforming_strings to on',
  'set local quote_all_identifiers to off',
  'set local jit to off',
]

/** Statements that set them until the end of the transaction or savepoint. Send them before the catalog queries. */
export function canonicalSessionStatements(): string {
  return canonicalSettings.join(';\n')
}

/** The catalog queries of all kinds. `skipped` are names of tables to leave out in every schema: the ledgers. */
export function catalogQueries(skipped: readonly string[]): readonly KindQuery[] {
  const tableFilter = (table: string): string =>
    `coalesce(${table}.relname, '') <> all (array[${skipped.map((name) => pg.escapeLiteral(name)).join(', ')}]::name[])`
  return [
    ...namespaceQueries(),
    ...sequenceQueries(tableFilter),
    ...viewQueries(),
    ...tableQueries(tableFilter),
    ...columnQueries(tableFilter),
    ...constraintAndIndexQueries(tableFilter),
    ...triggerAndPolicyQueries(tableFilter),
    ...statisticsQueries(tableFilter),
    ...routineQueries(),
    ...typeQueries(),
    ...operatorQueries(),
    ...languageQueries(),
    ...collationAndSearchQueries(),
    ...foreignAndReplicationQueries(),
    defaultPrivilegesQuery,
  ]
}
