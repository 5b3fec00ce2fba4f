import type { DdlObject } from '../object.js'

/** One option of a CREATE statement, from an object that has its fact; null where the option is left out. */
export type OptionClause = (object: DdlObject) => string | null

/** The options for the facts of an object, in the order of the table: `(SFUNC = f, STYPE = integer)`. */
export function renderOptionList(object: DdlObject, clauses: Readonly<Record<string, OptionClause>>): string {
  const options = Object.entries(clauses).flatMap(([fact, clause]) =>
    object.facts[fact] === undefined ? [] : (clause(object) ?? []),
  )
  return `(${options.join(', ')})`
}
