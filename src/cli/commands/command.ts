import type { Config } from '../../config/config.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import type { ExitCode } from '../../errors/schema-error.js'

/** What a command gets: the configuration, its own options, and where its words go. */
export interface CommandContext {
  readonly config: Config
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
  /** Progress, told on stderr. */
  readonly report: ProgressReporter
  readonly signal: AbortSignal
  /** Words for people, on stderr. */
  readonly printMessage: (text: string) => void
  /** Asks on the terminal and returns the line that was typed. Null where nobody is there to answer. */
  readonly ask: ((question: string) => Promise<string>) | null
  /** The configuration of another environment of the same project. */
  readonly loadConfigFor: (target: string) => Config
}

/** What a command has to say: text for people, a document for `--json`, and the exit code. */
export interface CommandResult {
  readonly exit: ExitCode
  readonly text: string
  readonly document: unknown
}

export type CommandHandler = (context: CommandContext) => Promise<CommandResult>

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  /** How the value is called in the help text. */
  readonly value?: string
  readonly help: string
}

export interface CommandSpec {
  readonly summary: string
  /** Words after the command, as in `new NAME`; those in brackets may be left out. */
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Loaded when it is called, so that a command costs only what it needs. Null for `serve`, which is not one. */
  readonly load: (() => Promise<CommandHandler>) | null
}

/** The text of an option that takes one, null where it is not given. */
export function textOption({ options }: CommandContext, name: string): string | null {
  const value = options[name]
  return typeof value === 'string' ? value : null
}
