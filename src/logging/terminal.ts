import type { ProgressReporter } from '../core/progress/events.js'
import { formatProgress } from '../core/progress/messages.js'

/** From the least important on; none is as important as `silent`. */
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const marks: Readonly<Record<string, string>> = { warn: '!', error: '✗', fatal: '✗' }

/** Tells progress to people. No log of pino's: loading it would be a tenth of a command. */
export function createTerminalReporter(stream: NodeJS.WritableStream, least: string): ProgressReporter {
  return (progress) => {
    const told = formatProgress(progress)
    if (levels.indexOf(told.level) >= levels.indexOf(least)) stream.write(`${formatProgressLine(told)}\n`)
  }
}

export interface ProgressLine {
  readonly level: string
  readonly label: string
  readonly text: string
}

/** A line of the story: a mark where it is a warning or worse, the label, the words. */
export function formatProgressLine({ level, label, text }: ProgressLine): string {
  return `${marks[level] ?? ' '} ${label.padEnd(12)}${text}`
}
