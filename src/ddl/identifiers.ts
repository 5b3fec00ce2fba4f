import { reservedWords } from './reserved-words.js'

const plainName = /^[a-z_][a-z0-9_$]*$/

/** An identifier as it stands in SQL: quoted if it must be. */
export function ident(name: string): string {
  return plainName.test(name) && !reservedWords.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** A string literal. */
export function literal(text: string): string {
  const escaped = text.replaceAll("'", "''")
  return text.includes('\\') ? `E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`
}

/** A part of an object key without its quotes. */
export function unquote(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part
}
