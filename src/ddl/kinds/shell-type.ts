import { schemaOf } from '../../core/model/catalog.js'
import { type DdlObject, list, type Step, step } from '../object.js'

/**
 * The type announced by its name alone, where the functions it is made of take or return it; else nothing. It comes before
 * these functions, and the type itself after them.
 */
export function shellOf(type: DdlObject): readonly Step[] {
  const schema = schemaOf(type.key)
  if (!isInCycle(type)) return []
  return [{ ...step(`CREATE TYPE ${type.name}`), phase: 'alter', after: schema === null ? [] : [schema] }]
}

/** A type and the functions it is made of, if they take or return it, go only together. */
export function dropOfType(type: DdlObject): readonly Step[] {
  return [step(`DROP TYPE ${type.name}${isInCycle(type) ? ' CASCADE' : ''}`)]
}

/** Whether a function ends with a type because the type is made of it and it takes or returns that type. */
export function endsWithType(routine: DdlObject): boolean {
  return list(routine, '$needs').some((needed) => madeOf(routine, needed).includes(routine.key))
}

function isInCycle(type: DdlObject): boolean {
  return list(type, '$needs').some((needed) => madeOf(type, needed).includes(type.key))
}

/** What an object of the same catalog needs, if it is a type made of functions or such a function. */
function madeOf({ catalog }: DdlObject, key: string): readonly string[] {
  return /^(?:base_type|range|function):/.test(key) ? list({ facts: catalog[key] ?? {} }, '$needs') : []
}
