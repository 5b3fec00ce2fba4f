import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { SchemaError } from '../errors/schema-error.js'

export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly signal: AbortSignal
}

/** Asks on a terminal: returns the line that was typed, an empty one at the end of input. Throws SCHEMA_INTERRUPTED. */
export async function askOn({ input, output, signal }: Terminal, question: string): Promise<string> {
  // With a terminal of readline's own, Ctrl-C would be a key and no signal.
  const lines = createInterface({ input, output, terminal: false })
  const ended = once(lines, 'close').then(() => '')
  try {
    return await Promise.race([lines.question(question, { signal }), ended])
  } catch (cause) {
    throw new SchemaError('SCHEMA_INTERRUPTED', {
      what: 'Asking was stopped on request. Nothing was done.',
      choices: [['run it again', 'asks again']],
      cause,
    })
  } finally {
    lines.close()
  }
}
