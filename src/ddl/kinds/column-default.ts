import { parseKey } from '../../core/model/catalog.js'
import { reaches } from '../dependencies.js'
import { type DdlObject, listFact } from '../object.js'

/** Whether a default is set after CREATE TABLE, because a function that it calls may need the table. */
export function isDefaultDeferred(object: DdlObject): boolean {
  return object.inNewRelation && defaultCallsOwnRoutine(object)
}

/** Whether the default calls a routine that is not built in. */
export function defaultCallsOwnRoutine(object: DdlObject): boolean {
  return listFact(object, '$defaultNeeds').some((key) =>
    ['function', 'procedure'].includes(parseKey(key).kind),
  )
}

/** The routines that the default calls, and that need the table of the column: the default goes before them. */
export function routinesOfOwnTable({ kind, facts, catalog, relationKey }: DdlObject): readonly string[] {
  if (kind !== 'column' || relationKey === undefined) return []
  return listFact({ facts }, '$defaultNeeds').filter(
    (needed) => /^(?:function|procedure):/.test(needed) && reaches(catalog, needed, relationKey),
  )
}
