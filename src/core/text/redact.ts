const patterns = [
  // Up to the last @ of a word, because a password may have one that is not encoded.
  [/:\/\/[^\s"'`<>]*@/g, '://***@'],
  [/((?:password|passwd|secret|token)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/gi, '$1***'],
] as const

/**
 * A text of others, such as the message of an error that a migration throws with its connection in it: without the
 * credentials of URLs, and without what settings call a password, secret or token.
 */
export function masked(text: string): string {
  return patterns.reduce((rest, [pattern, instead]) => rest.replaceAll(pattern, instead), text)
}

/** What an error, or whatever else was thrown, says. */
export function saidBy(cause: unknown): string {
  return masked(cause instanceof Error ? cause.message : String(cause))
}
