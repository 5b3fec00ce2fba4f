import { existsSync, readFileSync, statSync } from 'node:fs'

type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly code: string }

/** The text of a file, without a byte order mark, or the reason why it cannot be read. */
export function readTextFile(path: string): FileText {
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
