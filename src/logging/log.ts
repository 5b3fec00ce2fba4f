import { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'
import type { Progress, ProgressReporter } from '../core/progress/events.js'
import type { LogLevel } from '../core/progress/message-format.js'
import { formatProgress } from '../core/progress/messages.js'
import { toPrintableJson, toPrintableLines } from '../core/text/printable.js'
import { errorMessage, redact, shortenMessage } from '../core/text/redact.js'
import { describeError, errorDetails, SchemaError, stackOf } from '../errors/schema-error.js'
import { formatProgressLine } from './terminal.js'

/** What is used of a logger. Those of pino and of Fastify have it. */
export type Log = Readonly<Record<LogLevel | 'fatal', (data: object, message: string) => void>>

/** The log of our own service, which Fastify logs to as well. */
export type ServiceLog = Logger

/** Creates the log of a process: with `json` one pino line for each event, with `terminal` a text for people instead. */
export function createLog(
  level: string,
  form: 'terminal' | 'json',
  stream: NodeJS.WritableStream,
): ServiceLog {
  const options = {
    level,
    base: null,
    redact: ['req.headers.authorization'],
    serializers: { err: serializeError },
    hooks: { streamWrite: toPrintableJson },
  }
  return pino(options, form === 'terminal' ? createTerminalStream(stream) : stream)
}

/** Writes progress to a log: its text as the message, with the data of the event. */
export function createLogReporter(log: Log): ProgressReporter {
  return (progress) => {
    const { level, label, text } = formatProgress(progress)
    log[level]({ ...progressData(progress), label }, text)
  }
}

/**
 * Logs a refusal in one line: the whole text as the message, with code, facts and choices as data. The level is `warn` after
 * a signal, and `error` if the process goes on.
 */
export function logRefusal(log: Log, error: unknown, level: 'fatal' | 'error' | 'warn' = 'fatal'): void {
  if (!(error instanceof SchemaError)) {
    log[level]({ err: error }, stackOf(error))
    return
  }
  const { code, exitCode } = error
  log[level]({ code, exitCode, ...errorDetails(error) }, describeError(error))
}

/** Only these properties: the errors of other packages hold their connections. */
function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: errorMessage(error) }
  const { type, stack } = pino.stdSerializers.err(error)
  const code = 'code' in error ? { code: error.code } : {}
  return { type, message: errorMessage(error), stack: redact(shortenMessage(stack)), ...code }
}

/** Without catalog changes, which can fill pages and are in the text; with whole milliseconds. */
function progressData(progress: Progress): object {
  if (progress.event === 'revision applied' || progress.event === 'revision ran')
    return roundNumbers({ ...progress, changes: undefined, existing: undefined })
  if (progress.event !== 'inspected') return roundNumbers(progress)
  const { history, ...rest } = progress
  return { ...rest, ...history, applied: history.applied.length }
}

function roundNumbers(data: object): object {
  const entries = Object.entries(data).map(([name, value]) => [
    name,
    typeof value === 'number' ? Math.round(value) : value,
  ])
  return Object.fromEntries(entries)
}

function createTerminalStream(stream: NodeJS.WritableStream): Writable {
  return new Writable({
    write: (chunk: Buffer, _, done) => {
      for (const line of chunk.toString().split('\n').filter(Boolean))
        stream.write(`${formatLogLine(line)}\n`)
      done()
    },
  })
}

function formatLogLine(line: string): string {
  const entry: unknown = JSON.parse(line)
  if (typeof entry !== 'object' || entry === null || !('level' in entry) || !('msg' in entry)) return line
  const text = String(entry.msg)
  const level = pino.levels.labels[Number(entry.level)] ?? ''
  return 'label' in entry
    ? formatProgressLine(level, String(entry.label), text)
    : `\n${toPrintableLines(text)}`
}
