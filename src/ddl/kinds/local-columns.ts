import { type DdlObject, findObject, columnKeysOf, textFact } from '../object.js'
import { hasLocalDefinition } from './column-definition.js'

/** The columns in the definition of a table, in their order. They are treated as part of a new table. */
export function localColumnsOf({ catalog, key }: DdlObject): readonly DdlObject[] {
  return columnKeysOf(catalog, key)
    .flatMap((part) => findObject(catalog, part) ?? [])
    .map((column) => ({ ...column, inNewRelation: true }))
    .filter(hasLocalDefinition)
    .sort((one, other) => Number(textFact(one, '$position')) - Number(textFact(other, '$position')))
}
