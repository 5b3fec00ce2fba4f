import { readFile } from 'node:fs/promises'
import type { Migration } from './migration-files.js'

/** What a comment of a migration allows, and why; the reason is empty where it gives none. */
export interface AllowingComment {
  readonly name: string
  readonly reason: string
}

/** `// schemagate: allow table-rewrite, lock -- the table is small`, in a comment of any language. */
const comment =
  /^\s*(?:\/\/|--|\/?\*+|#)\s*schemagate:\s*allow\s+(?<names>[^\n]*?)(?:\s+--\s*(?<reason>[^\n]*?))?\s*(?:\*\/)?\s*$/gm

/** What the comments of a migration allow, by whatever name. */
export async function readAllowingComments({ path }: Migration): Promise<readonly AllowingComment[]> {
  const text = path === null ? '' : await readFile(path, 'utf8')
  return [...text.matchAll(comment)].flatMap(({ groups }) => {
    const { names = '', reason = '' } = groups ?? {}
    return names.split(',').map((name) => ({ name: name.trim(), reason }))
  })
}
