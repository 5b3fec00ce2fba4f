import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import type { Scratch } from '../scratch/scratch.js'
import { createRole, dropRole } from '../scratch/server-roles.js'
import type { ProvideRole } from './build-start.js'

/**
 * Gives `use` a way to make roles that the scratch server does not have, and drops them afterwards. Only the server from npm
 * gets any: another one is not this project's alone.
 */
export async function withScratchRoles<T>(
  { server, isEmbedded }: Scratch,
  use: (provide: ProvideRole) => Promise<T>,
): Promise<T> {
  const made = new Set<string>()
  const provide: ProvideRole = async (role) => {
    if (!isEmbedded || made.has(role)) return false
    await createRole(server, role)
    made.add(role)
    return true
  }
  try {
    return await use(provide)
  } finally {
    for (const role of made) await dropRole(server, role).catch(ignoreUse)
  }
}

/** Another process may have used it since; what is left is removed at the next start of the server. */
function ignoreUse(error: unknown): void {
  if (!hasSqlState(error, sqlState.dependentObjectsStillExist, sqlState.undefinedObject)) throw error
}
