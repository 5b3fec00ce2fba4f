import pg from 'pg'
import { foreignAndReplicationQueries, statisticsQueries } from './foreign-and-replication.sql.js'
import { defaultPrivilegesQuery } from './grants.sql.js'
import type { KindQuery } from './kind-query.js'
import { collationAndSearchQueries, languageQueries } from './languages-and-search.sql.js'
import { operatorQueries } from './operators.sql.js'
import { namespaceQueries, sequenceQueries, viewQueries } from './relations.sql.js'
import { routineQueries } from './routines.sql.js'
import { settingQueries } from './settings.sql.js'
import { columnQueries, constraintAndIndexQueries, tableQueries } from './tables.sql.js'
import { triggerAndPolicyQueries } from './triggers.sql.js'
import { typeQueries } from './types.sql.js'

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
    ...settingQueries(),
    defaultPrivilegesQuery,
  ]
}
