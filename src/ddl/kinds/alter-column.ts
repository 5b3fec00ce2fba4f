import { type DdlObject, type DdlStep, step, tableKeyword } from '../object.js'

/** ALTER COLUMN with a clause. */
export function alterColumnStep(object: DdlObject, clause: string): DdlStep {
  return step(`ALTER ${tableKeyword(object)} ${object.relation} ALTER COLUMN ${object.name} ${clause}`)
}
