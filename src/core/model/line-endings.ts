/** PostgreSQL keeps the body of a routine as it was written, with its quotes and the line endings of a checkout. */
export function isRoutine(kind: string): boolean {
  return kind === 'function' || kind === 'procedure'
}

/** A text with the line endings of Linux. */
export function normalizeLineEndings(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n')
}
