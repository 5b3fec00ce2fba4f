import { administrationCommands } from './administration-commands.js'
import type { CommandSpec } from './commands/command.js'
import { databaseCommands } from './database-commands.js'
import { developmentCommands } from './development-commands.js'

/** Every command, for --help, the documentation and the parser. */
export const commands: Readonly<Record<string, CommandSpec>> = {
  ...databaseCommands,
  ...developmentCommands,
  ...administrationCommands,
}
