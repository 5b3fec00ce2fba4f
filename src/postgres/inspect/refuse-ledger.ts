import { quoteName } from '../../core/model/catalog.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knex-project.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'
import type { Row } from '../connection/query.js'
import { closedSchemaError, hiddenLedgerError } from '../ledger/ledger-access.js'
import { ledgerTable } from '../ledger/ledger.js'
import type { ServerAndLedgers } from './server-and-ledgers.js'

/** Where the knexfile names a schema, it may belong to one of several services, each with a ledger in a schema of its own. */
export function refuseMisplacedLedger(
  { schema, searchPath }: ServerAndLedgers,
  tables: readonly Row[],
  connection: Connection,
  project: KnexProject,
): void {
  const namesSchema = project.schemaName !== null || project.searchPath.length > 0
  const visible = new Set(project.schemaName === null ? [...searchPath, schema] : [schema])
  const found = tables
    .filter((row) => row['table'] === project.tableName)
    .map((row) => String(row['schema']))
    .filter((each) => !namesSchema || visible.has(each))
  if (found.length === 0 || (found.length === 1 && found[0] === schema)) return
  throw new SchemaError('SCHEMA_LEDGER_MISPLACED', {
    what: `Knex would use a ledger in schema "${schema ?? 'none'}", but this database has one in a different schema. Nothing was done: Knex would create everything a second time.`,
    facts: [
      ['database', describeAddress(addressOf(connection))],
      [project.tableName, found.map((each) => `${each}.${project.tableName}`)],
      ['search_path', searchPath.join(', ')],
    ],
    choices: [
      ['searchPath, schemaName', 'in the knexfile name the schema of the ledger'],
      ['drop table', 'removes a ledger that is not in use, with all that it records'],
    ],
  })
}

export function refuseHiddenLedger(
  { schema, user, name, tableName, ledgerSchema, closedSchema }: ServerAndLedgers,
  tables: readonly Row[],
  connection: Connection,
): void {
  const address = { ...addressOf(connection), user, name }
  if (ledgerSchema === null && closedSchema !== null) throw closedSchemaError(closedSchema, address)
  const own = [tableName, ledgerTable]
  const hidden = tables.find(
    (row) => row['hidden'] === true && row['schema'] === schema && own.includes(String(row['table'])),
  )
  if (hidden === undefined || schema === null) return
  const table = `${quoteName(schema)}.${quoteName(String(hidden['table']))}`
  throw hiddenLedgerError(table, address)
}
