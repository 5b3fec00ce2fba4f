import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isTarget } from './value-types.js'

/** The targets that have a file in config/, in alphabetical order; none if the folder does not exist. */
export function listTargets(root: string): string[] {
  return listJsonNames(join(root, 'config')).filter(isTarget).toSorted()
}

function listJsonNames(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) =>
      name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : [],
    )
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
