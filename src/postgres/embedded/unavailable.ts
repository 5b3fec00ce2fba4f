import { type ErrorChoice, type ErrorParts, SchemaError } from '../../errors/schema-error.js'

const useOwnDatabase: ErrorChoice = ['DATABASE_URL=postgres://…', 'uses a PostgreSQL of your own']

/** The error of everything here: why the embedded PostgreSQL cannot run. A different PostgreSQL is always a choice. */
export function embeddedUnavailableError({ choices = [], ...parts }: ErrorParts): SchemaError {
  return new SchemaError('SCHEMA_EMBEDDED_UNAVAILABLE', { ...parts, choices: [...choices, useOwnDatabase] })
}

/** The last lines of an output, for a fact. */
export function lastLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-12)
}
