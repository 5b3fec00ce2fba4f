import { toPrintable } from '../../core/text/printable.js'
import { renderScript } from '../../ddl/plan/script.js'
import type { ExportedSchema } from './export-schema.js'

/** What `export --json` prints. */
export type ExportDocument = ReturnType<typeof exportDocument>

/** An exported schema with its SQL. */
export function exportDocument(exported: ExportedSchema) {
  const { name, plan } = exported
  const { statements, refused, proof } = plan
  return { from: name, statements: statements.length, refused, proof, sql: renderFile(exported) }
}

/**
 * The file is in UTF-8, whatever the locale of psql. Quotes are written as the SQL standard has them, whatever the database is
 * set to.
 */
function renderFile({ name, major, plan }: ExportedSchema): string {
  return [
    `-- The schema of ${toPrintable(name)}, for an empty database: psql -v ON_ERROR_STOP=1 -f FILE\n-- as PostgreSQL ${major} prints it`,
    "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;",
    renderScript(plan),
    '',
  ].join('\n\n')
}
