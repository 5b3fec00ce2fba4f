import {
  belongsToPartitionedTable,
  type DdlObject,
  type DdlStep,
  findObject,
  step,
  tableKeyword,
  textFact,
} from '../object.js'
import { descendantsOf, isDroppedWithParent, membersByKey } from '../tree.js'
import { tableTypeKeyOf } from './column-definition.js'
import { onlyForParent } from './tree-clauses.js'

/** Drops a column, with those of children that are one with it. A typed table loses it with its type. */
export function dropColumnSteps(object: DdlObject): readonly DdlStep[] {
  if (tableTypeKeyOf(object) !== null) return []
  const table = object.relation
  const isComputed = textFact(object, 'generated') !== ''
  return [
    step(
      `ALTER ${tableKeyword(object)} ${onlyForParent(object)}${table} DROP COLUMN ${object.name}`,
      { hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' },
      ...(isComputed ? [] : [table, ...childrenLosing(object)]).map((lost) => ({
        hazard: 'data loss' as const,
        what: `the values of ${lost}.${object.name}`,
      })),
    ),
  ]
}

/** The tables that lose the column with a parent. The rows of a partition are those of its parent. */
function childrenLosing(object: DdlObject): readonly string[] {
  if (object.isLeftToChildren || belongsToPartitionedTable(object)) return []
  return descendantsOf(membersByKey(object.catalog), object.key)
    .flatMap((key) => findObject(object.catalog, key) ?? [])
    .filter(isDroppedWithParent)
    .map(({ relation }) => relation)
}
