import { type DdlObject, findObject, type KindDdl, list, type Step, step, text } from '../object.js'
import type { Hazard } from '../statement.js'

export const statistics: KindDdl = {
  reference: ({ name }) => `STATISTICS ${name}`,
  create: (object) => [
    step(text(object, 'definition'), ...locks(object)),
    ...(text(object, 'target') === '' ? [] : [setTarget(object)]),
  ],
  drop: (object) => [step(`DROP STATISTICS ${object.name}`, ...locks(object))],
  alter: ({ to, facts }) => (facts.has('definition') ? 'replace' : [setTarget(to)]),
}

function setTarget(object: DdlObject): Step {
  return step(`ALTER STATISTICS ${object.name} SET STATISTICS ${text(object, 'target') || '-1'}`)
}

/** The table is that of the columns that the statistics need. */
function locks(object: DdlObject): readonly Hazard[] {
  const needed = list(object, '$needs').flatMap((key) => findObject(object.catalog, key) ?? [])
  const table = needed.find(({ kind }) => ['column', 'table', 'foreign_table'].includes(kind))?.relation
  return table === undefined ? [] : [{ hazard: 'lock', table, lock: 'SHARE UPDATE EXCLUSIVE' }]
}
