import { toPrintable } from '../core/text/printable.js'
import { redact, errorMessage } from '../core/text/redact.js'
import { type ErrorCode, errorCodes } from './codes.js'
import type { ExitCode } from './exit-codes.js'

export type { ErrorCode } from './codes.js'
export type { ExitCode } from './exit-codes.js'

/** A fact of an error: its name and its value, several lines where the value is a list. */
export type ErrorFact = readonly [name: string, value: string | readonly string[]]

/** Something the reader can do: what to type, and its effect. */
export type ErrorChoice = readonly [act: string, effect: string]

export interface ErrorParts {
  /** What happened and the consequence, as sentences. */
  readonly what: string
  readonly facts?: readonly ErrorFact[]
  readonly choices?: readonly ErrorChoice[]
  readonly cause?: unknown
}

/** The one error of this project: "cannot go on". What was done but is not as promised is a value, not an error. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly code: ErrorCode
  readonly facts: readonly ErrorFact[]
  readonly choices: readonly ErrorChoice[]

  constructor(code: ErrorCode, { what, facts = [], choices = [], cause }: ErrorParts) {
    super(what, cause === undefined ? undefined : { cause })
    this.code = code
    this.facts = facts
    this.choices = choices
  }

  get exitCode(): ExitCode {
    return errorCodes[this.code].exit
  }
}

/** The error as a person reads it: what, consequence, facts aligned, choices with their effects. */
export function describeError({ code, message, facts, choices }: SchemaError): string {
  const blocks = [`${code}: ${toPrintable(message)}`]
  if (facts.length > 0) blocks.push(describeFacts(facts))
  if (choices.length > 0) blocks.push(['Do one of:', alignColumns(choices)].join('\n'))
  return blocks.join('\n\n')
}

/** What an error says beside its message, as log lines and documents have it: facts by name, choices in order. */
export function errorDetails({ facts, choices }: Pick<SchemaError, 'facts' | 'choices'>) {
  return {
    facts: Object.fromEntries(facts),
    choices: choices.map(([act, effect]) => ({ act, effect })),
  }
}

/** An error that nobody foresaw, for whoever has to find its cause. */
export function stackOf(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? redact(error.stack) : errorMessage(error)
}

/** Facts in two columns, as errors and whoever asks for a confirmation show them. */
export function describeFacts(facts: readonly ErrorFact[]): string {
  return alignColumns(facts.map(([name, value]) => [name, value]))
}

/** Two columns, indented; a list in the second column continues below its first line. */
function alignColumns(rows: readonly (readonly [string, string | readonly string[]])[]): string {
  const shown = rows.map(([left, right]) => [toPrintable(left), [right].flat().map(toPrintable)] as const)
  const width = Math.max(...shown.map(([left]) => left.length)) + 3
  return shown
    .flatMap(([left, lines]) =>
      lines.map((line, index) => `  ${(index === 0 ? left : '').padEnd(width)}${line}`.trimEnd()),
    )
    .join('\n')
}
