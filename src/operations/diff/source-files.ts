import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import pg from 'pg'
import { errorMessage, errorSummary } from '../../core/text/redact.js'
import { type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { toClientSettings, type Connection, withClient } from '../../postgres/connection/connect.js'
import { importModule } from '../../project/import-module.js'

/** A file that builds a schema; models may be SQL too. */
interface SourceFile {
  readonly form: 'sql' | 'models'
  /** The path as the user wrote it. */
  readonly file: string
}

/** Builds in an empty database what a file says. Throws SCHEMA_SOURCE_INVALID. */
export async function buildSource(
  connection: Connection,
  { form, file }: SourceFile,
  root: string,
): Promise<void> {
  const path = resolve(root, file)
  if (form === 'models' && !file.endsWith('.sql')) return loadModels(connection, file, path)
  return runSqlFile(connection, file, await readFile(path, 'utf8').catch(throwUnreadable(file)))
}

function throwUnreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new SchemaError('SCHEMA_SOURCE_INVALID', {
      what: `${file} could not be read. Nothing was done.`,
      facts: [['reason', errorMessage(cause)]],
      cause,
    })
  }
}

/**
 * Runs the SQL of a file. Throws SCHEMA_SOURCE_INVALID with the line at which PostgreSQL reports the error.
 *
 * @param file the path as the user wrote it
 */
async function runSqlFile(connection: Connection, file: string, sql: string): Promise<void> {
  await withClient(connection, (client) => client.query(sql)).catch((cause: unknown) => {
    throw sourceInvalidError(file, cause, errorLineFacts(sql, cause))
  })
}

/**
 * Calls the default export of a module with a Knex of the database and awaits the result, which may be a schema
 * builder. Throws SCHEMA_SOURCE_INVALID.
 *
 * @param file the path as the user wrote it
 * @param path the absolute path
 */
async function loadModels(connection: Connection, file: string, path: string): Promise<void> {
  const build = await importModule(path).then(defaultExportOf, (cause: unknown) => {
    throw sourceInvalidError(file, cause)
  })
  if (typeof build !== 'function')
    throw sourceInvalidError(file, new Error('its default export is not a function that takes a Knex'))
  const { default: createKnex } = await import('knex')
  const knex = createKnex({
    client: 'pg',
    connection: await toClientSettings(connection),
    pool: { min: 0, max: 1 },
  })
  try {
    await build(knex)
  } catch (cause) {
    throw sourceInvalidError(file, cause)
  } finally {
    await knex.destroy()
  }
}

/** In CommonJS compiled from TypeScript the default export is nested one level deeper. */
function defaultExportOf(exports: Readonly<Record<string, unknown>>): unknown {
  const value = exports['default']
  return typeof value === 'object' && value !== null && 'default' in value ? value.default : value
}

function sourceInvalidError(file: string, cause: unknown, facts: readonly ErrorFact[] = []): SchemaError {
  return new SchemaError('SCHEMA_SOURCE_INVALID', {
    what: `${file} could not be loaded into a scratch database: ${errorSummary(cause)}. Nothing was done.`,
    facts,
    choices: [['correct the file', 'it must build its whole schema in an empty database']],
    cause,
  })
}

function errorLineFacts(sql: string, cause: unknown): readonly ErrorFact[] {
  if (!(cause instanceof pg.DatabaseError) || cause.position === undefined) return []
  const before = sql.slice(0, Number(cause.position) - 1)
  const number = before.split('\n').length
  return [['line', `${number}: ${sql.split('\n')[number - 1]?.trim() ?? ''}`]]
}
