import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { toPrintable } from '../../core/text/printable.js'
import { type ErrorChoice, alignColumns, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { type CommandContext, textOption } from './command.js'

/** What a command is about to do. */
export interface PlannedAction {
  /** As a sentence: `3 revisions will be reverted, the newest first.` */
  readonly what: string
  readonly facts: readonly ErrorFact[]
  /** The environments it happens to. Default: that of this process. */
  readonly environments?: readonly string[]
}

/**
 * Says on stderr what is going to be done, and returns once that is confirmed: in an environment of
 * PROTECTED_ENVIRONMENTS by its name, typed on the terminal or given as `--confirm`; elsewhere by `y` or `--yes`.
 * For commands with the options `confirming` of commands.ts. Throws SCHEMA_NOT_CONFIRMED, SCHEMA_INTERRUPTED.
 */
export async function requireConfirmation(context: CommandContext, action: PlannedAction): Promise<void> {
  const { config, options, ask } = context
  const { what, facts, environments = [config.target] } = action
  const guarded = environments.find((name) => config.protectedEnvironments.includes(name)) ?? null
  const given = textOption(context, 'confirm')
  context.printMessage(`\n${toPrintable(what)}\n\n${alignColumns(facts)}\n`)
  if (given !== null) return refuseOtherEnvironment(given, guarded === null ? environments : [guarded])
  if (guarded === null && options['yes'] === true) return
  if (ask === null) throw noTerminalError(guarded)
  const answer = (await ask(questionFor(guarded))).trim()
  if (guarded === null ? !/^y(es)?$/i.test(answer) : answer !== guarded)
    throw notConfirmedError('This was not confirmed.', [])
}

function questionFor(guarded: string | null): string {
  return guarded === null
    ? 'Do it? (y/N) '
    : `The environment "${guarded}" is protected. Type its name to go on: `
}

function refuseOtherEnvironment(given: string, accepted: readonly string[]): void {
  if (accepted.includes(given)) return
  throw notConfirmedError(
    `--confirm names "${given}", and this is about ${accepted.map((name) => `"${name}"`).join(' and ')}.`,
    [['schemagate status', 'says where the database stands, and in which environment']],
  )
}

function noTerminalError(guarded: string | null): SchemaError {
  if (guarded === null)
    return notConfirmedError('This has to be confirmed, and there is no terminal to ask on.', [
      ['--yes', 'does it without asking'],
    ])
  return notConfirmedError(
    `The environment "${guarded}" is protected: its name has to be typed, and there is no terminal to type it on.`,
    [[`--confirm ${guarded}`, 'does it without asking']],
  )
}

function notConfirmedError(what: string, choices: readonly ErrorChoice[]): SchemaError {
  return new SchemaError('SCHEMA_NOT_CONFIRMED', { what: `${what} Nothing was done.`, choices })
}

export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly signal: AbortSignal
}

/** Asks on a terminal: returns the line that was typed, an empty one at the end of input. Throws SCHEMA_INTERRUPTED. */
export async function askOnTerminal({ input, output, signal }: Terminal, question: string): Promise<string> {
  // With a terminal of readline's own, Ctrl-C would be a key and no signal.
  const lines = createInterface({ input, output, terminal: false })
  const ended = once(lines, 'close').then(() => '')
  try {
    return await Promise.race([lines.question(question, { signal }), ended])
  } catch (cause) {
    throw new SchemaError('SCHEMA_INTERRUPTED', {
      what: 'Asking was stopped on request. Nothing was done.',
      choices: [['run it again', 'asks again']],
      cause,
    })
  } finally {
    lines.close()
  }
}
