import { objectKey } from '../../core/model/catalog.js'
import { type ErrorChoice, SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { Inspection } from '../inspect/inspection.js'
import type { MigrationTarget } from './migrate-options.js'

/** A snapshot keeps the schemas that its replays found; the first one asks the database. */
const promiseWithout: ErrorChoice = [
  'schemagate snapshot',
  'with no earlier file, and with a database that Knex built without the schema: it is promised like that',
]

type SchemaTarget = Pick<MigrationTarget, 'project' | 'snapshot' | 'connection'>

/** Returns the schema of the ledgers. Throws what `findLedgerSchemaFault` finds. */
export function requireLedgerSchema(target: SchemaTarget, inspection: Inspection): string {
  const fault = findLedgerSchemaFault(target, inspection)
  if (fault !== null) throw fault
  return String(inspection.schema)
}

/**
 * SCHEMA_PRIVILEGE_MISSING where there is no schema for the ledgers, and SCHEMA_LEDGER_MISPLACED where a schema of the
 * searchPath is missing that the snapshot found before the first revision: Knex would create everything in the next one.
 */
export function findLedgerSchemaFault(
  { project, snapshot, connection }: SchemaTarget,
  { schema, live }: Inspection,
): SchemaError | null {
  const keyOf = (name: string): string => objectKey('schema', [name])
  // The schema that schemaName names is created with the ledger.
  const missing = project.searchPath.filter(
    (name) => !['$user', project.schemaName].includes(name) && live[keyOf(name)] === undefined,
  )
  const expected = missing.filter((name) => name !== 'public' && snapshot?.base[keyOf(name)] !== undefined)
  if (schema !== null && expected.length === 0) return null
  const create = missing.map((name): ErrorChoice => [
    `create schema ${name}`,
    'as the service does before it migrates',
  ])
  return new SchemaError(schema === null ? 'SCHEMA_PRIVILEGE_MISSING' : 'SCHEMA_LEDGER_MISPLACED', {
    what:
      schema === null
        ? 'The search_path names no existing PostgreSQL schema in which Knex could keep its ledger. Nothing was done.'
        : `The searchPath names schema ${expected.join(', ')}, which no migration creates and this database does not have: Knex would create everything in schema ${schema}. Nothing was done.`,
    facts: [
      ['database', describeAddress(addressOf(connection))],
      ...(project.searchPath.length === 0 ? [] : [['searchPath', project.searchPath.join(', ')] as const]),
    ],
    choices: [
      ...create,
      ['searchPath, schemaName', 'in the knexfile name the schema'],
      ...(schema === null ? [] : [promiseWithout]),
    ],
  })
}
