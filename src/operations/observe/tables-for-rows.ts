import pg from 'pg'
import { ledgerTablesOf } from '../../postgres/introspect/read-catalog.js'
import { allTables, type TableSelection } from '../../postgres/proof/sample-rows.js'

/** All tables but those that record migrations. */
export function tablesForRows(project: { readonly tableName: string }): TableSelection {
  const { ledgerTables = [] } = ledgerTablesOf(project)
  const names = [...ledgerTables, 'schemagate_ledger'].map((name) => pg.escapeLiteral(name))
  return `select oid from pg_class where oid in (${allTables}) and relname not in (${names.join(', ')})`
}
