import type { ProgressReporter } from '../core/progress/events.js'
import { formatProgress } from '../core/progress/messages.js'

/** The lowest level first. */
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const marks: Readonly<Record<string, string>> = { warn: '!', error: '✗', fatal: '✗' }

/** Writes progress as text for people, from this level up. Does not use pino, which takes a tenth of a command to load. */
export function createTerminalReporter(stream: NodeJS.WritableStream, least: string): ProgressReporter {
  return (progress) => {
    const { level, label, text } = formatProgress(progress)
    if (levels.indexOf(level) >= levels.indexOf(least))
      stream.write(`${formatProgressLine(level, label, text)}\n`)
  }
}

/** A line on the terminal: a mark for a warning or an error, the label, the text. */
export function formatProgressLine(level: string, label: string, text: string): string {
  return `${marks[level] ?? ' '} ${label.padEnd(12)}${text}`
}
