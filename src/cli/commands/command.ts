import type { Config } from '../../config/config.js'
import { isDuration, parseDuration } from '../../config/duration.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { SchemaError } from '../../errors/schema-error.js'

/** The configuration of a command, its command line, and the means to talk to its user. */
export interface CommandContext {
  readonly config: Config
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
  /** The environment of this process, for a command that starts another. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Writes progress to stderr. */
  readonly report: ProgressReporter
  readonly signal: AbortSignal
  /** Writes text for people to stderr. */
  readonly printMessage: (text: string) => void
  /** Asks on the terminal and returns the line that is typed. Null without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | null
  /** The configuration of a different environment of the same project. */
  readonly loadConfigFor: (target: string) => Config
}

/** The result of a command: text for people, a document for `--json`, and the exit code. */
export interface CommandResult {
  /** An exit code of ours, or of the command that `exec` ran. */
  readonly exit: number
  readonly text: string
  readonly document: unknown
}

export type CommandHandler = (context: CommandContext) => Promise<CommandResult>

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  /** The name of the value in the help text. */
  readonly value?: string
  /** One letter that stands for it. */
  readonly short?: string
  readonly help: string
}

export interface CommandSpec {
  readonly summary: string
  /** Words after the command, as in `new NAME`; a word in brackets is optional, and after a last `WORD...` come any number. */
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Loads the command, so that each one loads only what it needs. Null for `serve`, which is a service. */
  readonly load: (() => Promise<CommandHandler>) | null
}

/** The value of an option that takes text; null where it is not given. */
export function textOption({ options }: CommandContext, name: string): string | null {
  const value = options[name]
  return typeof value === 'string' ? value : null
}

/** The value of an option that takes a duration, in milliseconds. Throws SCHEMA_USAGE. */
export function durationOption(context: CommandContext, name: string, byDefault: string): number {
  const text = textOption(context, name) ?? byDefault
  if (isDuration(text)) return parseDuration(text)
  throw new SchemaError('SCHEMA_USAGE', {
    what: `"${text}" is not a duration. Nothing was done.`,
    choices: [[`--${name} ${byDefault}`, 'a number with ms, s, m or h']],
  })
}

/** The value of `--format`; the first of `formats` where it is not given. Throws SCHEMA_USAGE for one that is none of them. */
export function formatOption<Format extends string>(
  context: CommandContext,
  formats: readonly [Format, ...Format[]],
): Format {
  const name = textOption(context, 'format')
  const found = name === null ? formats[0] : formats.find((each) => each === name)
  if (found !== undefined) return found
  throw new SchemaError('SCHEMA_USAGE', {
    what: `"${name}" is no format. Nothing was done.`,
    choices: [[`--format ${formats.join('|')}`, 'names one']],
  })
}
