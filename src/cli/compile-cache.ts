import { existsSync } from 'node:fs'
import nodeModule from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Lets Node, from 22.1 on, keep the compiled code of what is loaded from now on for the next start: in a folder of the user,
 * because what another user could write there would be run. Where it cannot be written, Node compiles as before.
 */
export function enableCompileCache(): void {
  if (!('enableCompileCache' in nodeModule) || typeof nodeModule.enableCompileCache !== 'function') return
  const home = findHome()
  if (home !== null) nodeModule.enableCompileCache(join(home, '.cache', 'schemagate'))
}

/** Only one that exists: Node would create it, and would try for ever to create one in /proc. */
function findHome(): string | null {
  try {
    return existsSync(homedir()) ? homedir() : null
  } catch {
    // The system knows no user of this number, as in containers that run as any.
    return null
  }
}
