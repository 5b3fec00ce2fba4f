import { parseArgs, type ParseArgsConfig } from 'node:util'
import { maskCredentials, maskWord } from '../config/url.js'
import { type ErrorChoice, SchemaError } from '../errors/schema-error.js'
import type { CommandSpec, OptionSpec } from './commands/command.js'
import { meantCommand } from './other-names.js'

/** Options of every command. Those with a key set it for this run, over every other layer. */
export const globalOptions: Readonly<Record<string, OptionSpec & { readonly key?: string }>> = {
  migrations: {
    type: 'string',
    value: 'DIR',
    help: 'the migrations folder, several separated by commas',
    key: 'MIGRATIONS_DIR',
  },
  knexfile: {
    type: 'string',
    value: 'FILE',
    help: 'the knexfile of the project, none to read none',
    key: 'KNEXFILE',
  },
  'database-url': { type: 'string', value: 'URL', help: 'the database', key: 'DATABASE_URL' },
  env: {
    type: 'string',
    value: 'TARGET',
    help: 'the environment, as in config/TARGET.json',
    key: 'ENV_TARGET',
  },
  json: { type: 'boolean', help: 'one JSON document on stdout; text goes to stderr' },
  help: { type: 'boolean', help: 'this text' },
  version: { type: 'boolean', help: 'the version of schemagate' },
}

type OptionValues = Readonly<Record<string, string | boolean | undefined>>

/** A parsed command line. */
export interface ParsedArguments {
  /** Null for `--help` and `--version` without a command. */
  readonly command: { readonly name: string; readonly spec: CommandSpec } | null
  readonly positionals: readonly string[]
  readonly options: OptionValues
  /** Settings given as options, by configuration key. */
  readonly flags: Readonly<Record<string, string>>
}

/** Parses a command line. Throws SCHEMA_USAGE, which names the wrong word. */
export function parseArguments(
  argv: readonly string[],
  commands: Readonly<Record<string, CommandSpec>>,
): ParsedArguments {
  const [first = '', ...rest] = argv
  const name = first === '' || first.startsWith('-') ? null : first
  const spec = name !== null && Object.hasOwn(commands, name) ? commands[name] : undefined
  if (name !== null && spec === undefined) throw unknownCommandError(name, Object.keys(commands))
  const { values, positionals } = parseOptions(name === null ? argv : rest, name, spec?.options ?? {})
  const asksOnly = values['help'] === true || values['version'] === true
  if (name === null || spec === undefined) {
    if (!asksOnly) throw usageError('No command was given.', null)
    return { command: null, positionals: [], options: values, flags: {} }
  }
  if (!asksOnly) refuseWrongPositionals(name, spec.positionals, positionals)
  return { command: { name, spec }, positionals, options: values, flags: flagsOf(values) }
}

function parseOptions(args: readonly string[], name: string | null, ownOptions: CommandSpec['options']) {
  const options: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
    Object.entries({ ...globalOptions, ...ownOptions }).map(([option, { type, short }]) => [
      option,
      { type, ...(short === undefined ? {} : { short }) },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return {
      values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, toOptionValue(value)])),
      positionals,
    }
  } catch (error) {
    throw usageError(error instanceof Error ? firstSentence(error.message) : String(error), name)
  }
}

/** None of the options takes several values. */
function toOptionValue(value: unknown): string | boolean | undefined {
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}

function firstSentence(message: string): string {
  const [first = message] = message.split('. ')
  return `${first.replace(/\.$/, '')}.`
}

function flagsOf(values: OptionValues): Readonly<Record<string, string>> {
  const flags = Object.entries(globalOptions).flatMap(([name, { key }]) => {
    const value = values[name]
    return key !== undefined && typeof value === 'string' ? [[key, value] as const] : []
  })
  return Object.fromEntries(flags)
}

/** A positional in brackets is optional, and the last may stand for any number. */
function refuseWrongPositionals(name: string, expected: readonly string[], given: readonly string[]): void {
  const missing = expected.slice(given.length).find((word) => !word.startsWith('['))
  const extra = given[expected.length]
  if (missing !== undefined) throw usageError(`${missing} is missing.`, name)
  if (extra !== undefined && expected.at(-1)?.endsWith('...') !== true)
    throw usageError(`Unexpected argument "${maskWord(extra)}".`, name)
}

function unknownCommandError(name: string, commands: readonly string[]): SchemaError {
  const meant = meantCommand(name, commands)
  const question = meant === null ? '' : ` Did you mean "${meant[0]}"?`
  const choices: readonly ErrorChoice[] = meant === null ? [] : [[`schemagate ${meant[0]}`, meant[1]]]
  return usageError(`There is no command "${maskWord(name)}".${question}`, null, choices)
}

function usageError(what: string, name: string | null, choices: readonly ErrorChoice[] = []): SchemaError {
  const help = name === null ? 'schemagate --help' : `schemagate ${name} --help`
  return new SchemaError('SCHEMA_USAGE', {
    what: `${maskCredentials(what)} Nothing was done.`,
    choices: [...choices, [help, name === null ? 'lists the commands' : 'lists the options']],
  })
}
