const secretPatterns = [
  // Up to the last @ of a word, because a password can contain one that is not encoded.
  [/:\/\/[^\s"'`<>]*@/g, '://***@'],
  [/((?:password|passwd|secret|token)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/gi, '$1***'],
] as const

/**
 * A text without the credentials of URLs and without the values of settings named password, secret or token. Texts from
 * outside can contain them: an error that a migration throws may quote its connection.
 */
export function redact(text: string): string {
  return secretPatterns.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), text)
}

/** The message of an error, or of any other thrown value, without secrets. */
export function errorMessage(cause: unknown): string {
  return redact(cause instanceof Error ? cause.message : String(cause))
}
