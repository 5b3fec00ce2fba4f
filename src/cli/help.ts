import { exitCodes } from '../errors/exit-codes.js'
import type { OptionSpec } from './commands/command.js'
import { commands, globalOptions } from './registry.js'

/** The help text, of everything or of one command. The documentation is made from it too. */
export function helpText(name: string | null): string {
  const command = name === null ? undefined : commands[name]
  if (name === null || command === undefined) return overview()
  const usage = ['schemagate', name, ...command.words, '[options]'].join(' ')
  return [
    `${usage}\n`,
    `  ${command.summary}\n`,
    ...(Object.keys(command.options).length === 0 ? [] : [`Options\n${optionLines(command.options)}\n`]),
    `Options of every command\n${optionLines(globalOptions)}\n`,
  ].join('\n')
}

function overview(): string {
  const rows = Object.entries(commands).map(
    ([name, { words, summary }]) => [[name, ...words].join(' '), summary] as const,
  )
  const codes = Object.entries(exitCodes).map(
    ([code, { meaning, retry }]) =>
      [code, retry === true ? `${meaning} (trying again can help)` : meaning] as const,
  )
  return [
    'schemagate COMMAND [options]\n',
    '  Your API opens its port only when its PostgreSQL database is what your Knex migrations promise.\n',
    `Commands\n${columns(rows)}\n`,
    `Options of every command\n${optionLines(globalOptions)}\n`,
    `Exit codes\n${columns(codes)}\n`,
    'Settings come from the environment and from files; `schemagate config` shows each with its source.\n',
  ].join('\n')
}

function optionLines(options: Readonly<Record<string, OptionSpec>>): string {
  return columns(
    Object.entries(options).map(
      ([name, { value, help }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, help] as const,
    ),
  )
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n')
}
