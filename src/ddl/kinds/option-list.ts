import type { DdlObject } from '../object.js'

/** One option of a CREATE statement, from an object that has the fact it is of; null where it need not be said. */
export type OptionClause = (object: DdlObject) => string | null

/** The options of the facts that an object has, in the order of the table: `(SFUNC = f, STYPE = integer)`. */
export function renderOptionList(object: DdlObject, clauses: Readonly<Record<string, OptionClause>>): string {
  const said = Object.entries(clauses).flatMap(([fact, clause]) =>
    object.facts[fact] === undefined ? [] : (clause(object) ?? []),
  )
  return `(${said.join(', ')})`
}
