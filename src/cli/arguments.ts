import { parseArgs, type ParseArgsConfig } from 'node:util'
import { maskCredentials, maskWord } from '../config/url.js'
import { SchemaError } from '../errors/schema-error.js'
import { commands, type CommandSpec, globalOptions } from './registry.js'

/** A command line, understood. */
export interface Arguments {
  /** Null where only help or version is asked for. */
  readonly command: { readonly name: string; readonly spec: CommandSpec } | null
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  /** Settings given as options, by key. */
  readonly flags: Readonly<Record<string, string>>
}

/** Parses a command line. Throws SCHEMA_USAGE, which names the word. */
export function parseArguments(argv: readonly string[]): Arguments {
  const [first = '', ...rest] = argv
  const isCommand = first !== '' && !first.startsWith('-')
  const spec = isCommand && Object.hasOwn(commands, first) ? commands[first] : undefined
  if (isCommand && spec === undefined) throw usage(`There is no command "${maskWord(first)}".`, null)
  const { values, positionals } = parse(isCommand ? rest : argv, { name: isCommand ? first : null, spec })
  const asksOnly = values['help'] === true || values['version'] === true
  if (spec === undefined) {
    if (!asksOnly) throw usage('No command was given.', null)
    return { command: null, words: [], options: values, flags: {} }
  }
  if (!asksOnly) refuseWrongWords(first, { spec, given: positionals })
  return { command: { name: first, spec }, words: positionals, options: values, flags: flagsOf(values) }
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
}

function parse(
  args: readonly string[],
  { name, spec }: { readonly name: string | null; readonly spec: CommandSpec | undefined },
): Parsed {
  const known = { ...globalOptions, ...spec?.options }
  const options: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
    Object.entries(known).map(([option, { type }]) => [option, { type }]),
  )
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return {
      values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plain(value)])),
      positionals,
    }
  } catch (error) {
    throw usage(error instanceof Error ? sentence(error.message) : String(error), name)
  }
}

function plain(value: unknown): string | boolean | undefined {
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}

function sentence(message: string): string {
  const [first = message] = message.split('. ')
  return `${first.replace(/\.$/, '')}.`
}

function flagsOf(values: Parsed['values']): Readonly<Record<string, string>> {
  const flags = Object.entries(globalOptions).flatMap(([name, { key }]) => {
    const value = values[name]
    return key !== undefined && typeof value === 'string' ? [[key, value] as const] : []
  })
  return Object.fromEntries(flags)
}

/** A word in brackets may be left out. */
function refuseWrongWords(
  name: string,
  { spec, given }: { readonly spec: CommandSpec; readonly given: readonly string[] },
): void {
  const missing = spec.words.slice(given.length).find((word) => !word.startsWith('['))
  const extra = given[spec.words.length]
  if (missing !== undefined) throw usage(`${missing} is missing.`, name)
  if (extra !== undefined) throw usage(`"${maskWord(extra)}" is one word too many.`, name)
}

function usage(what: string, name: string | null): SchemaError {
  const help = name === null ? 'schemagate --help' : `schemagate ${name} --help`
  return new SchemaError('SCHEMA_USAGE', {
    what: `${maskCredentials(what)} Nothing was done.`,
    choices: [[help, 'lists what there is']],
  })
}
