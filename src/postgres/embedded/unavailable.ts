import { type Choice, type Fact, SchemaError } from '../../errors/schema-error.js'

const ownDatabase: Choice = ['DATABASE_URL=postgres://…', 'use a PostgreSQL you have']

export interface Unavailable {
  readonly what: string
  readonly facts: readonly Fact[]
  /** What else than using another PostgreSQL. */
  readonly choices?: readonly Choice[]
  readonly cause?: unknown
}

/** The error of everything embedded: why it cannot run here; another PostgreSQL is always a choice. */
export function unavailable({ what, facts, choices = [], cause }: Unavailable): SchemaError {
  return new SchemaError('SCHEMA_EMBEDDED_UNAVAILABLE', {
    what,
    facts,
    choices: [...choices, ownDatabase],
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

/** Whether an error is a system error of one of these codes (`ENOENT`), or PostgreSQL's (`42P04`). */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}
