import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'

const useOwnDatabase: ErrorChoice = ['DATABASE_URL=postgres://…', 'use a PostgreSQL you have']

export interface UnavailableDetails {
  readonly what: string
  readonly facts: readonly ErrorFact[]
  /** What else than using another PostgreSQL. */
  readonly choices?: readonly ErrorChoice[]
  readonly cause?: unknown
}

/** The error of everything embedded: why it cannot run here; another PostgreSQL is always a choice. */
export function embeddedUnavailableError({
  what,
  facts,
  choices = [],
  cause,
}: UnavailableDetails): SchemaError {
  return new SchemaError('SCHEMA_EMBEDDED_UNAVAILABLE', {
    what,
    facts,
    choices: [...choices, useOwnDatabase],
    cause,
  })
}

/** The last lines of some output, as a fact shows them. */
export function lastLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-12)
}

/** Whether an error is a system error with one of these codes (`ENOENT`). */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}
