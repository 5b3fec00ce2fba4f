import { existsSync, readFileSync, statSync } from 'node:fs'
import { isRecord } from '../core/text/is-record.js'

type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly code: string }

/** The text of a file, without a byte order mark, or the reason why it cannot be read. */
export function readTextFile(path: string | URL): FileText {
  try {
    return { kind: 'text', text: readFileSync(path, 'utf8').replace(/^\uFEFF/, '') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return code === 'ENOENT' ? { kind: 'missing' } : { kind: 'unreadable', code }
  }
}

/** Whether a file, not a folder, exists at the path. */
export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

/**
 * The version of schemagate; null where its package.json is not beside it, as in an application that is one bundle. Throws a
 * SyntaxError where that of another package is there, and is no JSON.
 */
export function ownVersion(): string | null {
  // In a checkout and in the package it is two folders up.
  const file = readTextFile(new URL('../../package.json', import.meta.url))
  if (file.kind !== 'text') return null
  const content: unknown = JSON.parse(file.text)
  const { name, version } = isRecord(content) ? content : {}
  return name === 'schemagate' && typeof version === 'string' ? version : null
}
