import pg from 'pg'
import { exchange, statistics } from './foreign-and-replication.sql.js'
import { defaultPrivileges } from './grants.sql.js'
import type { KindQuery } from './kind-query.js'
import { collationsAndSearch, languages } from './languages-and-search.sql.js'
import { operators } from './operators.sql.js'
import { namespaces, sequences, views } from './relations.sql.js'
import { routines } from './routines.sql.js'
import { columns, constraintsAndIndexes, tables, triggersAndPolicies } from './tables.sql.js'
import { typesOfOurs } from './types.sql.js'

/** The definitions PostgreSQL prints must not depend on the session that asks. */
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

/** The statements that fix the session for one transaction or savepoint, to send before the catalog queries. */
export function canonicalSession(): string {
  return canonicalSettings.join(';\n')
}

/** The catalog queries in the order of their kinds; `skipped` are the tables left out wherever they are (ledgers). */
export function catalogQueries(skipped: readonly string[]): readonly KindQuery[] {
  const kept = (table: string): string =>
    `coalesce(${table}.relname, '') <> all (array[${skipped.map((name) => pg.escapeLiteral(name)).join(', ')}]::name[])`
  return [
    ...namespaces(),
    ...sequences(kept),
    ...views(),
    ...tables(kept),
    ...columns(kept),
    ...constraintsAndIndexes(kept),
    ...triggersAndPolicies(kept),
    ...statistics(kept),
    ...routines(),
    ...typesOfOurs(),
    ...operators(),
    ...languages(),
    ...collationsAndSearch(),
    ...exchange(),
    defaultPrivileges,
  ]
}
