import {
  type DdlObject,
  findObject,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import type { Hazard } from '../statement.js'

export const statisticsDdl: KindDdl = {
  reference: ({ name }) => `STATISTICS ${name}`,
  create: (object) => [
    step(textFact(object, 'definition'), ...statisticsLocks(object)),
    ...(textFact(object, 'target') === '' ? [] : [setTargetStep(object)]),
  ],
  drop: (object) => [step(`DROP STATISTICS ${object.name}`, ...statisticsLocks(object))],
  alter: ({ to, facts }) => (facts.has('definition') ? 'replace' : [setTargetStep(to)]),
}

function setTargetStep(object: DdlObject): DdlStep {
  return step(`ALTER STATISTICS ${object.name} SET STATISTICS ${textFact(object, 'target') || '-1'}`)
}

/** The statistics lock the table of the columns that they need. */
function statisticsLocks(object: DdlObject): readonly Hazard[] {
  const needed = listFact(object, '$needs').flatMap((key) => findObject(object.catalog, key) ?? [])
  const table = needed.find(({ kind }) => ['column', 'table', 'foreign_table'].includes(kind))?.relation
  return table === undefined ? [] : [{ hazard: 'lock', table, lock: 'SHARE UPDATE EXCLUSIVE' }]
}
