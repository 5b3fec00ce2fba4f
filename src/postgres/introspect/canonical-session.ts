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

/** Ends what `messageInTransaction` began, also after an error. */
export const endReading = 'rollback to savepoint schemagate_read; release savepoint schemagate_read'

/** Catalog queries as one message, for a transaction whose settings stay as they are. */
export function messageInTransaction(queries: readonly string[]): string {
  return ['savepoint schemagate_read', canonicalSessionStatements(), ...queries, endReading].join(';\n')
}
