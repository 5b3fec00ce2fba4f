import { type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { ledgerTable } from './ledger.js'

/**
 * The error of a row that could not be written to a ledger, which is not the fault of the migration; null for any other
 * failure. PostgreSQL names the table of a violated constraint.
 */
export function recordingError(
  error: unknown,
  revision: string,
  tableName: string,
  facts: readonly ErrorFact[],
): SchemaError | null {
  const table = error instanceof Error && 'table' in error ? error.table : undefined
  if (table !== tableName && table !== ledgerTable) return null
  return new SchemaError('SCHEMA_MIGRATION_FAILED', {
    what: `${revision} could not be recorded in ${table}, which the migration has nothing to do with.`,
    facts,
    choices: [
      [`correct ${table}`, 'the message says what is in the way; Knex and schemagate made it without that'],
    ],
    cause: error,
  })
}
