import { hasSqlState, isExtensionMissing, sqlState } from '../connection/sqlstate.js'
import { missingRoleOf } from '../scratch/server-roles.js'

/**
 * What cannot be made in a scratch database, though it may be right elsewhere: the `statement` alone, or the `object` it is for
 * and all that needs it; null for an error that says that the SQL is wrong.
 */
export function unprovableExtent(error: unknown): 'statement' | 'object' | null {
  if (missingRoleOf(error) !== null) return 'statement'
  const { insufficientPrivilege, undefinedFile, configFileError } = sqlState
  const lacks =
    isExtensionMissing(error) || hasSqlState(error, insufficientPrivilege, undefinedFile, configFileError)
  return lacks ? 'object' : null
}
