import {
  belongsToPartitionedTable,
  type DdlObject,
  type DdlStep,
  findObject,
  step,
  tableKeyword,
} from '../object.js'
import { descendantsOf, isDroppedWithParent, membersByKey } from '../tree.js'
import { routinesOfOwnTable } from './column-default.js'
import { tableTypeKeyOf } from './column-definition.js'
import { generationOf } from './generation.js'
import { storedRowLosses } from './row-type.js'
import { onlyForParent } from './tree-clauses.js'

/**
 * Drops a column, with those of children that are one with it. A typed table loses it with its type.
 *
 * @param successor the column that is added in its place
 */
export function dropColumnSteps(object: DdlObject, successor?: DdlObject): readonly DdlStep[] {
  if (tableTypeKeyOf(object) !== null) return []
  const table = object.relation
  // A plain column that follows a generated one would have kept its values.
  const isComputed =
    generationOf(object) !== null && (successor === undefined || generationOf(successor) !== null)
  return [
    ...dropDefaultSteps(object),
    ...leaveNotNullSteps(object),
    step(
      `ALTER ${tableKeyword(object)} ${onlyForParent(object)}${table} DROP COLUMN ${object.name}`,
      ...(isComputed ? [] : [table, ...childrenLosing(object)]).map((lost) => ({
        hazard: 'data loss' as const,
        what: `the values of ${lost}.${object.name}`,
      })),
      ...storedRowLosses(object),
    ),
  ]
}

function dropDefaultSteps(object: DdlObject): readonly DdlStep[] {
  if (routinesOfOwnTable(object).length === 0) return []
  const drop = `ALTER ${tableKeyword(object)} ${object.relation} ALTER COLUMN ${object.name} DROP DEFAULT`
  return [{ ...step(drop), phase: 'release' }]
}

/** From 18 on, the NOT NULL that children have of the column stays one of the parent's unless it is dropped before. */
function leaveNotNullSteps(object: DdlObject): readonly DdlStep[] {
  const { isLeftToChildren, facts, relation, name } = object
  if (!isLeftToChildren || facts['nullable'] !== false || facts['identity'] !== undefined) return []
  return [step(`ALTER ${tableKeyword(object)} ONLY ${relation} ALTER COLUMN ${name} DROP NOT NULL`)]
}

/** The tables that lose the column with a parent. The rows of a partition are those of its parent. */
function childrenLosing(object: DdlObject): readonly string[] {
  if (object.isLeftToChildren || belongsToPartitionedTable(object)) return []
  return descendantsOf(membersByKey(object.catalog), object.key)
    .flatMap((key) => findObject(object.catalog, key) ?? [])
    .filter(isDroppedWithParent)
    .map(({ relation }) => relation)
}
