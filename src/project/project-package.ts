import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isRecord } from '../core/text/is-record.js'

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

/** Whether `.js` files in this folder are ES modules: the nearest package.json says `"type": "module"`. */
export function isModulePackage(folder: string): boolean {
  const text = readIfExists(join(folder, 'package.json'))
  if (text !== null) return typeOf(text) === 'module'
  const above = dirname(folder)
  return above !== folder && isModulePackage(above)
}

function readIfExists(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** Node says what is wrong with the file when it loads something beside it. */
function typeOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value['type'] : undefined
  } catch {
    return undefined
  }
}
