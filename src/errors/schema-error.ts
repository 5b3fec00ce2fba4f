import { toPrintable } from '../core/text/printable.js'
import { errorMessage, redact, shortenMessage } from '../core/text/redact.js'
import type { ExitCode } from './exit-codes.js'
import { runCodes } from './run-codes.js'
import { setupCodes } from './setup-codes.js'
import { stateCodes } from './state-codes.js'

export type { ExitCode } from './exit-codes.js'

/** Every error code. docs/errors.md is generated from it. */
export const errorCodes = { ...setupCodes, ...stateCodes, ...runCodes } as const

export type ErrorCode = keyof typeof errorCodes

/** A fact of an error: its name and its value. A list is shown on several lines. */
export type ErrorFact = readonly [name: string, value: string | readonly string[]]

/** Something that the reader can do: what to type, and its effect. */
export type ErrorChoice = readonly [act: string, effect: string]

export interface ErrorParts {
  /** What happened, and the consequence, as sentences. */
  readonly what: string
  readonly facts?: readonly ErrorFact[]
  readonly choices?: readonly ErrorChoice[]
  readonly cause?: unknown
}

/** The only error of this project: the work cannot continue. A result that is not as promised is a value, not an error. */
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

/** The error as text: what happened, the consequence, the facts aligned, the choices with their effects. */
export function describeError({ code, message, facts, choices }: SchemaError): string {
  const blocks = [`${code}: ${toPrintable(message)}`]
  if (facts.length > 0) blocks.push(alignColumns(facts))
  if (choices.length > 0) blocks.push(['Do one of:', alignColumns(choices)].join('\n'))
  return blocks.join('\n\n')
}

/** Facts by name and choices in order, as log lines and JSON documents have them. */
export function errorDetails({ facts, choices }: SchemaError) {
  return {
    facts: Object.fromEntries(facts),
    choices: choices.map(([act, effect]) => ({ act, effect })),
  }
}

/** The stack of an unexpected error, without secrets; its message if it has no stack. */
export function stackOf(error: unknown): string {
  return error instanceof Error && error.stack !== undefined
    ? redact(shortenMessage(error.stack))
    : errorMessage(error)
}

/** Two indented columns. A list in the second column continues on the following lines. */
export function alignColumns(rows: readonly ErrorFact[]): string {
  const shown = rows.map(([left, right]) => [toPrintable(left), [right].flat().map(toPrintable)] as const)
  const width = Math.max(...shown.map(([left]) => left.length)) + 3
  return shown
    .flatMap(([left, lines]) =>
      lines.map((line, index) => `  ${(index === 0 ? left : '').padEnd(width)}${line}`.trimEnd()),
    )
    .join('\n')
}
