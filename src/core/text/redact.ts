const secretPatterns = [
  // Up to the last @ of a word, because a password may have one that is not encoded.
  [/:\/\/[^\s"'`<>]*@/g, '://***@'],
  [/((?:password|passwd|secret|token)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/gi, '$1***'],
] as const

/**
 * A text of others, such as the message of an error that a migration throws with its connection in it: without the
 * credentials of URLs, and without what settings call a password, secret or token.
 */
export function redact(text: string): string {
  return secretPatterns.reduce((rest, [pattern, instead]) => rest.replaceAll(pattern, instead), text)
}

/** What an error, or whatever else was thrown, says. */
export function errorMessage(cause: unknown): string {
  return redact(cause instanceof Error ? cause.message : String(cause))
}
