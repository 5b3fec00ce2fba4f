import { reaches } from '../dependencies.js'
import { type DdlObject, listFact } from '../object.js'

/** The routines that the checks of a domain call, and that take the domain: neither can be there before the other. */
export function routinesTakingDomain({ kind, facts, catalog, key }: DdlObject): readonly string[] {
  if (kind !== 'domain') return []
  return listFact({ facts }, '$needs').filter(
    (needed) => /^(?:function|procedure):/.test(needed) && reaches(catalog, needed, key),
  )
}
