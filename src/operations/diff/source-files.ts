import pg from 'pg'
import { errorMessage } from '../../core/text/redact.js'
import { type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { toClientSettings, type Connection, withClient } from '../../postgres/connection/connect.js'
import { importModule } from '../../project/import-module.js'

/**
 * Runs a file of SQL. Throws SCHEMA_SOURCE_INVALID with the line that PostgreSQL refused.
 *
 * @param source `file` as the user wrote it, and its text
 */
export async function runSqlFile(
  connection: Connection,
  { file, text }: { readonly file: string; readonly text: string },
): Promise<void> {
  await withClient(connection, (client) => client.query(text)).catch((cause: unknown) => {
    throw sourceInvalidError(file, { cause, facts: errorLineFacts(text, cause) })
  })
}

/**
 * Lets a module build a schema: its default export gets a Knex of the database, and what it returns is awaited, so that a
 * schema builder may be returned as it is. Throws SCHEMA_SOURCE_INVALID.
 */
export async function loadModels(
  connection: Connection,
  { file, path }: { readonly file: string; readonly path: string },
): Promise<void> {
  const build = await importModule(path).then(defaultExportOf, (cause: unknown) => {
    throw sourceInvalidError(file, { cause })
  })
  if (typeof build !== 'function')
    throw sourceInvalidError(file, {
      cause: new Error('it has no default export that is a function of Knex'),
    })
  const { default: createKnex } = await import('knex')
  const knex = createKnex({
    client: 'pg',
    connection: toClientSettings(connection),
    pool: { min: 0, max: 1 },
  })
  try {
    await build(knex)
  } catch (cause) {
    throw sourceInvalidError(file, { cause })
  } finally {
    await knex.destroy()
  }
}

/** CommonJS compiled from TypeScript has its default export one level down. */
function defaultExportOf(exports: Readonly<Record<string, unknown>>): unknown {
  const value = exports['default']
  return typeof value === 'object' && value !== null && 'default' in value ? value.default : value
}

interface SourceFailure {
  readonly cause: unknown
  readonly facts?: readonly ErrorFact[]
}

function sourceInvalidError(file: string, { cause, facts = [] }: SourceFailure): SchemaError {
  return new SchemaError('SCHEMA_SOURCE_INVALID', {
    what: `${file} could not be loaded into a scratch database: ${errorMessage(cause)}. Nothing was done.`,
    facts,
    choices: [['correct the file', 'it has to build its whole schema in an empty database']],
    cause,
  })
}

function errorLineFacts(text: string, cause: unknown): readonly ErrorFact[] {
  if (!(cause instanceof pg.DatabaseError) || cause.position === undefined) return []
  const before = text.slice(0, Number(cause.position) - 1)
  const number = before.split('\n').length
  return [['line', `${number}: ${text.split('\n')[number - 1]?.trim() ?? ''}`]]
}
