import { Console } from 'node:console'
import { isatty } from 'node:tty'
import type { Config } from '../config/config.js'
import { loadConfig } from '../config/load.js'
import { ownVersion } from '../config/files.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { toPrintableJson, toPrintableLines } from '../core/text/printable.js'
import { errorMessage } from '../core/text/redact.js'
import { describeError, errorDetails, SchemaError, stackOf } from '../errors/schema-error.js'
import type { ServiceLog } from '../logging/log.js'
import { createTerminalReporter } from '../logging/terminal.js'
import type { LoadApi } from '../service/app.js'
import { parseArguments } from './arguments.js'
import { watchEarlyExit } from './early-exit.js'
import { helpText } from './help.js'
import { loadWithoutFetch } from './load-without-fetch.js'

// A URL on the command line holds a password, and every user of the machine can list processes.
process.title = 'schemagate'

/** Every command by its name: those of registry.ts. */
type Commands = Parameters<typeof parseArguments>[1]

/**
 * Runs one of the commands as the command line of this process says, and ends the process with its exit code; a service goes on.
 * `loadApi` loads what `serve` offers beside the health routes, null for nothing.
 */
export async function runCommandLine(commands: Commands, loadApi: LoadApi | null): Promise<void> {
  const argv: readonly string[] = process.argv.slice(2)
  if (argv[0] !== 'serve') outliveReaders()
  const exit = await runCommand(argv, commands, loadApi).catch((error: unknown) => reportFailure(error, argv))
  if (exit !== null) process.exit(exit)
}

/** A migration does not end because its terminal, or the reader of its pipe, has gone. A service does: nobody would hear it. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

/** Returns the exit code; null for a service that goes on serving. */
async function runCommand(
  argv: readonly string[],
  commands: Commands,
  loadApi: LoadApi | null,
): Promise<number | null> {
  const { command, positionals, options, flags } = parseArguments(argv, commands)
  if (command !== null) process.title = `schemagate ${command.name}`
  if (options['version'] === true) return print(ownVersion() ?? 'unknown')
  if (command === null || options['help'] === true) return print(helpText(command?.name ?? null, commands))
  const root = process.cwd()
  const { env } = process
  const config = loadConfig({ root, env, flags })
  if (command.spec.load === null) return runService(config, loadApi)
  const stopWatching = watchEarlyExit(command.name)
  // Node would print every property of an error that a migration leaves unhandled, with its connection.
  process.on('uncaughtException', (error: unknown) => {
    stopWatching()
    void exitWithFailure(error, argv)
  })
  // Migrations and knexfiles may print, but stdout is for the result.
  globalThis.console = new Console(process.stderr)
  const terminal = createTerminalReporter(process.stderr, config.logLevel)
  const report: ProgressReporter = (progress) => {
    if (progress.event === 'process ended') stopWatching()
    terminal(progress)
  }
  const loadConfigFor = (target: string): Config =>
    loadConfig({ root, env, flags: { ...flags, ENV_TARGET: target } })
  const run = await loadWithoutFetch(command.spec.load)
  const signal = createStopSignal(report)
  const printMessage = (message: string): void => void process.stderr.write(`${message}\n`)
  const ask = isatty(0) && isatty(2) ? createPrompt(signal) : null
  const io = { environment: env, report, signal, printMessage, ask }
  const context = { config, options, positionals, ...io, loadConfigFor }
  const { exit, text, document } = await run(context).finally(stopWatching)
  await print(options['json'] === true ? formatDocument(document) : text)
  return exit
}

function createPrompt(signal: AbortSignal): (question: string) => Promise<string> {
  return async (question) => {
    const { askOnTerminal } = await import('./commands/confirm.js')
    return askOnTerminal(question, process.stdin, process.stderr, signal)
  }
}

async function runService(config: Config, loadApi: LoadApi | null): Promise<number | null> {
  const { serve } = await loadWithoutFetch(() => import('../service/server.js'))
  return serve(config, await createServiceLog(config.logLevel), loadApi)
}

/** Text on a terminal, otherwise one JSON line for each event. */
async function createServiceLog(level: string): Promise<ServiceLog> {
  const { createLog } = await import('../logging/log.js')
  return createLog(level, process.stdout.isTTY ? 'terminal' : 'json', process.stdout)
}

/** Aborts at the first signal. A second signal is left to Node, which ends the process. */
function createStopSignal(report: ProgressReporter): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      controller.abort()
      report({ event: 'stopping', signal })
    })
  return controller.signal
}

function formatDocument(document: unknown): string {
  return toPrintableJson(JSON.stringify(document, null, 2))
}

/** Throws where the text could not be written, as to a disk that is full. */
function print(text: string): Promise<0> {
  if (text === '') return Promise.resolve(0)
  const shown = process.stdout.isTTY ? toPrintableLines(text) : text
  return new Promise((resolve, reject) => {
    process.stdout.write(`${shown.trimEnd()}\n`, (error) => (isFailure(error) ? reject(error) : resolve(0)))
  })
}

/** A reader that closes the pipe, such as `head`, has read enough. */
function isFailure(error: Error | null | undefined): error is Error {
  return error instanceof Error && !('code' in error && error.code === 'EPIPE')
}

/** Writes the error to stderr, or as a fatal line to the log of the service; with --json its document to stdout. */
async function reportFailure(error: unknown, argv: readonly string[]): Promise<number> {
  const exit = error instanceof SchemaError ? error.exitCode : 1
  if (error instanceof Error && !(error instanceof SchemaError)) await nameSourceLines(error)
  if (argv[0] === 'serve' && !process.stdout.isTTY) await logFailure(error)
  else
    process.stderr.write(
      `\n${error instanceof SchemaError ? describeError(error) : toPrintableLines(stackOf(error))}\n`,
    )
  if (argv.includes('--json')) await printFailure(error)
  return exit
}

/** In the stack of an error of ours: `dist` has its source maps beside it, and Node would read all of them at each start. */
async function nameSourceLines(error: Error): Promise<void> {
  const { originalStack } = await import('../project/original-position.js')
  if (error.stack !== undefined) error.stack = originalStack(error.stack)
}

/** What stdout does not take was said on stderr. */
async function printFailure(error: unknown): Promise<void> {
  try {
    await print(formatDocument({ error: errorDocument(error) }))
  } catch {}
}

async function exitWithFailure(error: unknown, argv: readonly string[]): Promise<void> {
  process.exit(await reportFailure(error, argv))
}

async function logFailure(error: unknown): Promise<void> {
  const { logRefusal } = await import('../logging/log.js')
  logRefusal(await createServiceLog('fatal'), error)
}

function errorDocument(error: unknown): object {
  if (!(error instanceof SchemaError)) return { message: errorMessage(error) }
  const { code, exitCode, message } = error
  return { code, exitCode, message, ...errorDetails(error) }
}
