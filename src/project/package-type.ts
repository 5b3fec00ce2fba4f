import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isRecord } from '../core/text/is-record.js'

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
