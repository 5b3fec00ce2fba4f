import { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'
import type { Progress, ProgressReporter } from '../core/progress/events.js'
import { formatProgress } from '../core/progress/messages.js'
import { toPrintableLines } from '../core/text/printable.js'
import { redact, errorMessage } from '../core/text/redact.js'
import { describeError, errorDetails, SchemaError, stackOf } from '../errors/schema-error.js'
import { formatProgressLine } from './terminal.js'

export type Log = Logger

export interface LogOptions {
  readonly level: string
  /** `terminal`: a story for people; `json`: one pino line for each event. */
  readonly form: 'terminal' | 'json'
  readonly stream: NodeJS.WritableStream
}

/** The log of a process. In `terminal` form the same lines come out as words. */
export function createLog({ level, form, stream }: LogOptions): Log {
  const options = {
    level,
    base: null,
    redact: ['req.headers.authorization'],
    serializers: { err: serializeError },
  }
  return pino(options, form === 'terminal' ? createTerminalStream(stream) : stream)
}

/** Writes progress to a log: the words as the message, the event's data beside it. */
export function createLogReporter(log: Log): ProgressReporter {
  return (progress) => {
    const { level, label, text } = formatProgress(progress)
    log[level]({ ...progressData(progress), label }, text)
  }
}

/**
 * The one line of a refusal: code, facts and choices as data, the whole text as the message. A `warn` where it was asked
 * for, by a signal; an `error` where the process goes on.
 */
export function logRefusal(log: Log, error: unknown, level: 'fatal' | 'error' | 'warn' = 'fatal'): void {
  if (!(error instanceof SchemaError)) {
    log[level]({ err: error }, stackOf(error))
    return
  }
  const { code, exitCode } = error
  log[level]({ code, exitCode, ...errorDetails(error) }, describeError(error))
}

/** Without what else is on it: errors of others carry their connections along. */
function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: errorMessage(error) }
  const { type, message, stack } = pino.stdSerializers.err(error)
  const code = 'code' in error ? { code: error.code } : {}
  return { type, message: redact(message), stack: redact(stack), ...code }
}

/** Catalog changes are said in words, as data they would be pages; milliseconds are whole. */
function progressData(progress: Progress): object {
  if (progress.event === 'revision applied')
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
    ? formatProgressLine({ level, label: String(entry.label), text })
    : `\n${toPrintableLines(text)}`
}
