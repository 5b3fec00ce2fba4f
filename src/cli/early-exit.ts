import { describeError, SchemaError } from '../errors/schema-error.js'

/** Says, until it is called, that the process ended before its command did. */
export type StopWatching = () => void

/**
 * Migrations and knexfiles import code of the application, which may end the process while they are loaded or later: because
 * of a setting, or of a server that is not there. Its exit code would say that all is well, or nothing.
 */
export function watchEarlyExit(command: string): StopWatching {
  const onExit = (code: number): void => {
    process.exitCode = 1
    process.stderr.write(`\n${describeError(earlyExitError(command, code, exitCaller()))}\n`)
  }
  process.on('exit', onExit)
  return () => void process.off('exit', onExit)
}

function earlyExitError(command: string, code: number, caller: string | null): SchemaError {
  const consequence = `${command} is not done: what was not committed is rolled back.`
  if (caller === null)
    return new SchemaError('SCHEMA_PROCESS_ENDED', {
      what: `The process had nothing left to wait for: something that was awaited never came. ${consequence}`,
    })
  return new SchemaError('SCHEMA_PROCESS_ENDED', {
    what: `Code of the project ended the process with exit code ${code}. ${consequence}`,
    facts: [['called', caller]],
    choices: [
      [
        'give it what it needs',
        'such as a setting, or a server that it connects to; plain Knex ends there too',
      ],
    ],
  })
}

/** Who called `process.exit`: the event is emitted within the call. */
function exitCaller(): string | null {
  const frames = new Error('exit').stack?.split('\n') ?? []
  const call = frames.findIndex((frame) => /\b(?:process|Process)\.exit\b/.test(frame))
  return call === -1 ? null : (frames[call + 1] ?? '').trim().replace(/^at /, '')
}
