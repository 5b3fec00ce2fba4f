import { schemaKeyOf } from '../../core/model/catalog.js'
import { type DdlObject, listFact, type DdlStep, step } from '../object.js'

/**
 * The type announced by its name alone, where the functions it is made of take or return it; else nothing. It comes before
 * these functions, and the type itself after them.
 */
export function shellTypeSteps(type: DdlObject): readonly DdlStep[] {
  const schema = schemaKeyOf(type.key)
  if (!hasFunctionCycle(type)) return []
  return [{ ...step(`CREATE TYPE ${type.name}`), phase: 'alter', after: schema === null ? [] : [schema] }]
}

/** A type and the functions it is made of, if they take or return it, go only together. */
export function dropTypeSteps(type: DdlObject): readonly DdlStep[] {
  return [step(`DROP TYPE ${type.name}${hasFunctionCycle(type) ? ' CASCADE' : ''}`)]
}

/** Whether a function ends with a type because the type is made of it and it takes or returns that type. */
export function isDroppedWithType(routine: DdlObject): boolean {
  return listFact(routine, '$needs').some((needed) =>
    typeOrFunctionNeeds(routine, needed).includes(routine.key),
  )
}

function hasFunctionCycle(type: DdlObject): boolean {
  return listFact(type, '$needs').some((needed) => typeOrFunctionNeeds(type, needed).includes(type.key))
}

/** What an object of the same catalog needs, if it is a type made of functions or such a function. */
function typeOrFunctionNeeds({ catalog }: DdlObject, key: string): readonly string[] {
  return /^(?:base_type|range|function):/.test(key) ? listFact({ facts: catalog[key] ?? {} }, '$needs') : []
}
