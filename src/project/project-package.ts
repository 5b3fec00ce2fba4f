import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Where a package is found from the first of these folders that has it; null where none has. */
export function resolvePackage(name: string, folders: readonly string[]): string | null {
  for (const folder of folders)
    try {
      return createRequire(join(folder, 'package.json')).resolve(name)
    } catch {
      continue
    }
  return null
}
