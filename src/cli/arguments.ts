import { parseArgs, type ParseArgsConfig } from 'node:util'
import { maskCredentials, maskWord } from '../config/url.js'
import { SchemaError } from '../errors/schema-error.js'
import { commands, type CommandSpec, globalOptions } from './registry.js'

/** A command line, understood. */
export interface ParsedArguments {
  /** Null where only help or version is asked for. */
  readonly command: { readonly name: string; readonly spec: CommandSpec } | null
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  /** Settings given as options, by key. */
  readonly flags: Readonly<Record<string, string>>
}

/** Parses a command line. Throws SCHEMA_USAGE, which names the word. */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  const [first = '', ...rest] = argv
  const isCommand = first !== '' && !first.startsWith('-')
  const spec = isCommand && Object.hasOwn(commands, first) ? commands[first] : undefined
  if (isCommand && spec === undefined) throw usageError(`There is no command "${maskWord(first)}".`, null)
  const { values, positionals } = parseCommandOptions(isCommand ? rest : argv, {
    name: isCommand ? first : null,
    spec,
  })
  const asksOnly = values['help'] === true || values['version'] === true
  if (spec === undefined) {
    if (!asksOnly) throw usageError('No command was given.', null)
    return { command: null, positionals: [], options: values, flags: {} }
  }
  if (!asksOnly) refuseWrongPositionals(first, { spec, given: positionals })
  return { command: { name: first, spec }, positionals, options: values, flags: flagsOf(values) }
}

interface RawArguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
}

function parseCommandOptions(
  args: readonly string[],
  { name, spec }: { readonly name: string | null; readonly spec: CommandSpec | undefined },
): RawArguments {
  const known = { ...globalOptions, ...spec?.options }
  const options: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
    Object.entries(known).map(([option, { type }]) => [option, { type }]),
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

function toOptionValue(value: unknown): string | boolean | undefined {
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}

function firstSentence(message: string): string {
  const [first = message] = message.split('. ')
  return `${first.replace(/\.$/, '')}.`
}

function flagsOf(values: RawArguments['values']): Readonly<Record<string, string>> {
  const flags = Object.entries(globalOptions).flatMap(([name, { key }]) => {
    const value = values[name]
    return key !== undefined && typeof value === 'string' ? [[key, value] as const] : []
  })
  return Object.fromEntries(flags)
}

/** A word in brackets may be left out. */
function refuseWrongPositionals(
  name: string,
  { spec, given }: { readonly spec: CommandSpec; readonly given: readonly string[] },
): void {
  const missing = spec.positionals.slice(given.length).find((word) => !word.startsWith('['))
  const extra = given[spec.positionals.length]
  if (missing !== undefined) throw usageError(`${missing} is missing.`, name)
  if (extra !== undefined) throw usageError(`"${maskWord(extra)}" is one word too many.`, name)
}

function usageError(what: string, name: string | null): SchemaError {
  const help = name === null ? 'schemagate --help' : `schemagate ${name} --help`
  return new SchemaError('SCHEMA_USAGE', {
    what: `${maskCredentials(what)} Nothing was done.`,
    choices: [[help, 'lists what there is']],
  })
}
