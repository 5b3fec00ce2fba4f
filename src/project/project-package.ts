import { existsSync } from 'node:fs'
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

/** The package.json of a package as found from a folder, also where its `exports` hide it; null where there is none. */
export function findPackageFile(name: string, folder: string): string | null {
  const paths = createRequire(join(folder, 'package.json')).resolve.paths(name) ?? []
  return paths.map((path) => join(path, name, 'package.json')).find((file) => existsSync(file)) ?? null
}
