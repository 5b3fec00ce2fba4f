import { parseKey } from '../../core/model/catalog.js'
import { type DdlObject, list } from '../object.js'

/** Whether a default is set after the table is made: a function it calls may need the table. */
export function defersDefault(object: DdlObject): boolean {
  return object.fresh && callsOurs(object)
}

/** Whether the default calls a routine of the project's own. */
export function callsOurs(object: DdlObject): boolean {
  return list(object, '$defaultNeeds').some((key) => ['function', 'procedure'].includes(parseKey(key).kind))
}
