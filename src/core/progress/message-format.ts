export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What is shown of a piece of progress: a label of one or two words, and the rest of the line. */
export interface ProgressMessage {
  readonly level: LogLevel
  readonly label: string
  readonly text: string
}

/** A message that nobody has to act on. */
export const info = (label: string, text: string): ProgressMessage => ({ level: 'info', label, text })

/** A message that somebody should read. */
export const warn = (label: string, text: string): ProgressMessage => ({ level: 'warn', label, text })
