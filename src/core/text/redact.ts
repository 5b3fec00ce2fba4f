/** How much of a message is kept: enough for every message of PostgreSQL, and bounded where a program puts data into one. */
const maxMessageLength = 4_000

const secretPatterns = [
  // Up to the last @ of a word, because a password can contain one that is not encoded.
  [/:\/\/[^\s"'`<>]*@/g, '://***@'],
  [
    /((?:password|passwd|secret|token)\w*["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)/gi,
    '$1***',
  ],
  // In SQL, which may stand in a literal of a program.
  [/(\bpassword\s+\\?')(?:[^'\\]|\\[^'])*/gi, '$1***'],
] as const

/**
 * A text without the credentials of URLs and without the values of settings named password, secret or token. Texts from
 * outside can contain them: an error that a migration throws may quote its connection.
 */
export function redact(text: string): string {
  return secretPatterns.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), text)
}

/** The message of an error, or of any other thrown value, without secrets, at most about 4,000 characters. */
export function errorMessage(cause: unknown): string {
  return redact(messageOfThrown(cause))
}

/** The first line of that message, for a sentence. */
export function errorSummary(cause: unknown): string {
  return errorMessage(cause)
    .replace(/\n[^]*/, '')
    .trimEnd()
}

/** That message for a fact: one of several lines as a list of them. */
export function errorLines(cause: unknown): string | readonly string[] {
  const message = errorMessage(cause)
  return message.includes('\n') ? message.split('\n') : message
}

/** An Error for whatever was thrown: itself if its message can be read, or one that says what it was. */
export function toError(thrown: unknown): Error {
  if (!(thrown instanceof Error))
    return new TypeError(`it threw ${describeThrown(thrown)}, which is no Error`)
  return printOrElse(() => thrown.message, null) === null ? new Error(messageOfThrown(thrown)) : thrown
}

/** The message of an error, or a few words for one that has none. Never longer than 4,000 characters. */
function messageOfThrown(thrown: unknown): string {
  if (typeof thrown === 'string') return shortenMessage(thrown)
  return shortenMessage(thrown instanceof Error ? messageOfError(thrown) : describeThrown(thrown))
}

/** The beginning of a text that is too long to be read, and how long it is. */
export function shortenMessage(text: string): string {
  if (text.length <= maxMessageLength) return text
  return `${text.slice(0, maxMessageLength)} … (${text.length.toLocaleString('en')} characters)`
}

function messageOfError(error: Error): string {
  const message = printOrElse(() => error.message, '')
  if (message !== '') return message
  const causes = error instanceof AggregateError ? error.errors.slice(0, 5).map(messageOfThrown) : []
  const name = printOrElse(() => error.name, 'Error')
  return causes.length === 0 ? `${name} without a message` : causes.join('; ')
}

/** A text in quotes, an object as JSON or by its message, anything else by its name: `null`, `42`. */
function describeThrown(thrown: unknown): string {
  return printOrElse(
    () => (['object', 'string'].includes(typeof thrown) ? JSON.stringify(thrown) : String(thrown)),
    'an object that cannot be printed',
  )
}

/** Getters and toString() of a thrown object are code of somebody else. */
function printOrElse<T>(print: () => unknown, otherwise: T): string | T {
  try {
    const printed = print()
    return typeof printed === 'string' ? printed : otherwise
  } catch {
    return otherwise
  }
}
