import { type DdlObject, findObject, partsByRelation, textFact } from '../object.js'
import { hasLocalDefinition } from './column-definition.js'

/** The columns in the definition of a table, in their order. They are treated as part of a new table. */
export function localColumnsOf({ catalog, key }: DdlObject): readonly DdlObject[] {
  const keys = (partsByRelation(catalog).get(key) ?? []).filter((part) => part.startsWith('column:'))
  return keys
    .flatMap((part) => findObject(catalog, part) ?? [])
    .map((column) => ({ ...column, inNewRelation: true }))
    .filter(hasLocalDefinition)
    .sort((one, other) => Number(textFact(one, '$position')) - Number(textFact(other, '$position')))
}
