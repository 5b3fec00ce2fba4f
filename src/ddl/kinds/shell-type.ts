import { schemaKeyOf } from '../../core/model/catalog.js'
import { type DdlObject, listFact, type DdlStep, step } from '../object.js'

/**
 * CREATE TYPE with the name only, which is a shell type, where the functions of the type take or return the type;
 * otherwise no step. The shell type comes before these functions, the complete type after them.
 */
export function shellTypeSteps(type: DdlObject): readonly DdlStep[] {
  const schema = schemaKeyOf(type.key)
  if (!hasFunctionCycle(type)) return []
  return [{ ...step(`CREATE TYPE ${type.name}`), phase: 'alter', after: schema === null ? [] : [schema] }]
}

/** A type and functions of it that take or return it can be dropped only together. */
export function dropTypeSteps(type: DdlObject): readonly DdlStep[] {
  return [step(`DROP TYPE ${type.name}${hasFunctionCycle(type) ? ' CASCADE' : ''}`)]
}

/** Whether a function is dropped with a type: it is a function of the type, and takes or returns the type. */
export function isDroppedWithType(routine: DdlObject): boolean {
  return listFact(routine, '$needs').some((needed) =>
    typeOrFunctionNeeds(routine, needed).includes(routine.key),
  )
}

/** Whether functions of a type take or return it. */
export function hasFunctionCycle(type: DdlObject): boolean {
  return listFact(type, '$needs').some((needed) => typeOrFunctionNeeds(type, needed).includes(type.key))
}

/** The keys that an object of the same catalog needs, if it is a type with functions, or a function; otherwise none. */
function typeOrFunctionNeeds({ catalog }: DdlObject, key: string): readonly string[] {
  return /^(?:base_type|range|function):/.test(key) ? listFact({ facts: catalog[key] ?? {} }, '$needs') : []
}
