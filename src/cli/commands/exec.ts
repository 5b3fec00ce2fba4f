import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { SchemaError } from '../../errors/schema-error.js'
import { libpqEnvironment } from '../../postgres/connection/libpq-environment.js'
import { withWorkspace } from '../../workspace.js'
import type { CommandHandler } from './command.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * `schemagate exec -- COMMAND`: runs a command with the database in its environment, and ends with its exit code. The
 * embedded PostgreSQL runs for as long as the command does.
 */
export const run: CommandHandler = async ({ positionals, environment, ...context }) => {
  const [command = '', ...args] = positionals
  return withWorkspace({ ...context, allowNoMigrations: true }, async ({ connection }) => {
    const variables = { DATABASE_URL: connection.url, ...libpqEnvironment(connection) }
    const exit = await runCommand(command, args, { ...withoutLibpq(environment), ...variables })
    return { exit, text: '', document: { command, exit } }
  })
}

/** PGSERVICE, PGHOSTADDR and the like would lead to another database. */
function withoutLibpq(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^PG[A-Z]+$/.test(name)))
}

/** Its exit code, or as a shell says it 128 and the number of the signal that ended it. */
async function runCommand(command: string, args: readonly string[], env: Environment): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env })
  const stopPassingOn = passSignalsOn((signal) => void child.kill(signal))
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(notStartedError(command, error)))
      child.on('close', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      )
    })
  } finally {
    stopPassingOn()
  }
}

/** A terminal sends Ctrl-C to the command too: it gets no second one, and this process waits for its end. */
function passSignalsOn(pass: (signal: NodeJS.Signals) => void): () => void {
  const ofTerminal = isatty(0) ? ['SIGINT', 'SIGQUIT'] : []
  const handlers = (['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const).map((signal) => {
    const onSignal = (): void => {
      if (!ofTerminal.includes(signal)) pass(signal)
    }
    process.on(signal, onSignal)
    return [signal, onSignal] as const
  })
  return () => {
    for (const [signal, onSignal] of handlers) process.off(signal, onSignal)
  }
}

function notStartedError(command: string, cause: Error): SchemaError {
  const code = 'code' in cause ? String(cause.code) : cause.message
  return new SchemaError('SCHEMA_USAGE', {
    what: `The command could not be started: ${code}. Nothing was done.`,
    facts: [['command', command]],
    choices: [['schemagate exec -- psql', 'runs a program that is in PATH']],
    cause,
  })
}
