import { exitCodes } from '../errors/exit-codes.js'
import { globalOptions } from './arguments.js'
import type { CommandSpec, OptionSpec } from './commands/command.js'

/** The help text of one command, or the overview for null. The documentation is made from it too. */
export function helpText(name: string | null, commands: Readonly<Record<string, CommandSpec>>): string {
  const command = name === null ? undefined : commands[name]
  if (name === null || command === undefined) return overviewText(commands)
  const usage = ['schemagate', name, ...command.positionals, '[options]'].join(' ')
  return [
    `${usage}\n`,
    `  ${command.summary}\n`,
    ...(Object.keys(command.options).length === 0 ? [] : [`Options\n${formatOptions(command.options)}\n`]),
    `Options of every command\n${formatOptions(globalOptions)}\n`,
  ].join('\n')
}

function overviewText(commands: Readonly<Record<string, CommandSpec>>): string {
  const rows = Object.entries(commands).map(
    ([name, { positionals, summary }]) => [[name, ...positionals].join(' '), summary] as const,
  )
  const codes = Object.entries(exitCodes).map(
    ([code, { meaning, retry }]) =>
      [code, retry === true ? `${meaning} (trying again can help)` : meaning] as const,
  )
  return [
    'schemagate COMMAND [options]\n',
    '  Your API opens its port only when its PostgreSQL database is what your Knex migrations promise.\n',
    `Commands\n${formatColumns(rows)}\n`,
    `Options of every command\n${formatOptions(globalOptions)}\n`,
    `Exit codes\n${formatColumns(codes)}\n`,
    'Settings come from the environment and from files; `schemagate config` shows each with its source.\n',
  ].join('\n')
}

function formatOptions(options: Readonly<Record<string, OptionSpec>>): string {
  return formatColumns(
    Object.entries(options).map(
      ([name, { value, short, help }]) =>
        [
          `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
          help,
        ] as const,
    ),
  )
}

function formatColumns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n')
}
