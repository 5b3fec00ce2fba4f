import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { toPrintable } from '../../core/text/printable.js'
import { type ErrorChoice, alignColumns, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { type CommandContext, textOption } from './command.js'

/** What a command is about to do. */
export interface PlannedAction {
  /** A sentence: `3 revisions will be reverted, the newest first.` */
  readonly what: string
  readonly facts: readonly ErrorFact[]
  /** The environments that it affects. Default: the one of this process. */
  readonly environments?: readonly string[]
}

/**
 * Writes to stderr what will be done, and returns once it is confirmed: in a protected environment by its name, typed on the
 * terminal or given as `--confirm`; elsewhere by `y` or `--yes`. For commands with `confirmOptions` (registry.ts). Throws
 * SCHEMA_NOT_CONFIRMED, SCHEMA_INTERRUPTED.
 */
export async function requireConfirmation(context: CommandContext, action: PlannedAction): Promise<void> {
  const { config, options, ask } = context
  const { what, facts, environments = [config.target] } = action
  const protectedName = environments.find((name) => config.protectedEnvironments.includes(name)) ?? null
  const given = textOption(context, 'confirm')
  context.printMessage(`\n${toPrintable(what)}\n\n${alignColumns(facts)}\n`)
  if (given !== null)
    return refuseOtherEnvironment(given, protectedName === null ? environments : [protectedName])
  if (protectedName === null && options['yes'] === true) return
  if (ask === null) throw noTerminalError(protectedName)
  const answer = (await ask(questionFor(protectedName))).trim()
  if (protectedName === null ? !/^y(es)?$/i.test(answer) : answer !== protectedName)
    throw notConfirmedError('It was not confirmed.', [])
}

function questionFor(protectedName: string | null): string {
  return protectedName === null
    ? 'Do it? (y/N) '
    : `The environment "${protectedName}" is protected. Type its name to go on: `
}

function refuseOtherEnvironment(given: string, accepted: readonly string[]): void {
  if (accepted.includes(given)) return
  throw notConfirmedError(
    `--confirm names "${given}", but this affects ${accepted.map((name) => `"${name}"`).join(' and ')}.`,
    [['schemagate status', 'shows the database and its environment']],
  )
}

function noTerminalError(protectedName: string | null): SchemaError {
  if (protectedName === null)
    return notConfirmedError('It needs a confirmation, but there is no terminal to ask on.', [
      ['--yes', 'does it without asking'],
    ])
  return notConfirmedError(
    `The environment "${protectedName}" is protected: its name must be typed, but there is no terminal to type it on.`,
    [[`--confirm ${protectedName}`, 'does it without asking']],
  )
}

function notConfirmedError(what: string, choices: readonly ErrorChoice[]): SchemaError {
  return new SchemaError('SCHEMA_NOT_CONFIRMED', { what: `${what} Nothing was done.`, choices })
}

/** Asks on a terminal. Returns the typed line, empty at the end of input. Throws SCHEMA_INTERRUPTED. */
export async function askOnTerminal(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<string> {
  // With `terminal: true` readline takes Ctrl-C as a key, and no signal is raised.
  const lines = createInterface({ input, output, terminal: false })
  const ended = once(lines, 'close').then(() => '')
  try {
    return await Promise.race([lines.question(question, { signal }), ended])
  } catch (cause) {
    throw new SchemaError('SCHEMA_INTERRUPTED', {
      what: 'The question was interrupted. Nothing was done.',
      choices: [['run it again', 'asks again']],
      cause,
    })
  } finally {
    lines.close()
  }
}

/** What --force is about, for the error where it is not complete. */
export interface ForcedAction {
  /** `Recording a revision that is not true needs REVISION, --force and --reason TEXT` */
  readonly needs: string
  /** What is missing besides the two options; null for nothing. */
  readonly missing: string | null
  readonly consequence: string
  readonly choice: ErrorChoice
}

/** The reason given with --force; null without --force. Throws SCHEMA_USAGE where one of the two is missing. */
export function forceReasonOf(context: CommandContext, action: ForcedAction): string | null {
  const reason = textOption(context, 'reason')?.trim() ?? null
  const forced = context.options['force'] === true
  if (!forced && reason === null) return null
  if (forced && reason && action.missing === null) return reason
  const lacks = action.missing ?? (forced ? '--reason TEXT' : '--force')
  throw new SchemaError('SCHEMA_USAGE', {
    what: `${action.needs}; ${lacks} is missing. ${action.consequence}`,
    choices: [action.choice],
  })
}
