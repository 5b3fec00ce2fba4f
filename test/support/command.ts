import { parseArguments } from '../../src/cli/arguments.js'
import type { CommandContext, CommandHandler } from '../../src/cli/commands/command.js'
import { commands } from '../../src/cli/registry.js'
import { loadConfig } from '../../src/config/load.js'
import type { Progress } from '../../src/core/progress/events.js'
import { describeError, SchemaError } from '../../src/errors/schema-error.js'
import { startGate } from '../../src/gate/start-gate.js'
import { createLog } from '../../src/logging/log.js'
import type { Environment } from './process.js'
import type { Project } from './project.js'

/** What came of a command that was called in this process, and not as one of its own. */
export interface Called {
  readonly exit: number
  /** The result's text, or the error's. */
  readonly text: string
  /** The code alone where it threw. */
  readonly document: unknown
  /** What was said before it was confirmed. */
  readonly said: string
  readonly events: readonly Progress[]
}

export interface Calling {
  readonly root: string
  readonly env: Environment
  /** What is typed on the terminal; nobody is there by default. */
  readonly ask?: CommandContext['ask']
  /** Stands for SIGINT. */
  readonly signal?: AbortSignal
  readonly onEvent?: (progress: Progress) => void
}

/** Calls `schemagate` with these words in this process. A secret in what it says is not looked for. */
export async function call(
  args: readonly string[],
  { root, env, ask = null, signal = new AbortController().signal, onEvent = () => {} }: Calling,
): Promise<Called> {
  const said: string[] = []
  const events: Progress[] = []
  const printMessage = (text: string): void => void said.push(text)
  const report = (progress: Progress): void => {
    events.push(progress)
    onEvent(progress)
  }
  try {
    const { command, positionals, options, flags } = parseArguments(args, commands)
    const run = command?.spec.load === null ? openAndClose : await command?.spec.load()
    if (run === undefined) throw new Error(`${args.join(' ')} is no command to be called`)
    const config = loadConfig({ root, env, flags })
    const loadConfigFor = (target: string) =>
      loadConfig({ root, env, flags: { ...flags, ENV_TARGET: target } })
    const io = { environment: env, report, signal, printMessage, ask }
    const context = { config, positionals, options, ...io, loadConfigFor }
    return { ...(await run(context)), said: said.join('\n'), events }
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    const { exitCode: exit, code } = error
    return { exit, text: describeError(error), document: { code }, said: said.join('\n'), events }
  }
}

export type Outcome = Called

/** Calls a line in a project, with its environment and more: for many commands, where a process each would take long. */
export function runHere(
  { root, env: own }: Project,
  line: string,
  { env = {}, ...calling }: Partial<Omit<Calling, 'root'>> = {},
): Promise<Outcome> {
  return call(line.split(' '), { root, env: { ...own, ...env }, ...calling })
}

/** What `serve` does before it binds a port; its document is that of /health/schema. */
const openAndClose: CommandHandler = async ({ config, report }) => {
  const log = createLog('silent', 'json', process.stderr)
  const { gate } = await startGate(config, { log, report })
  const document = gate.health.view().documents.full
  await gate.close()
  return { exit: 0, text: '', document }
}
