import { type DdlObject, findRelation, type ObjectChange, textFact } from '../object.js'
import type { Hazard } from '../statement.js'
import { generationOf } from './generation.js'
import { columnsOfType } from './type-users.js'

interface Refusal {
  readonly reason: string
  readonly decide: string
}

/** The columns of other tables that store rows of the table of a part, or of a table itself, in SQL. */
function columnsStoringRows(object: DdlObject): readonly string[] {
  const table = findRelation(object) ?? object
  return columnsOfType(table).map(({ column }) => column)
}

/** Why a change that rewrites rows is refused: PostgreSQL does not rewrite those that columns of other tables store. */
export function refuseStoredRows(object: DdlObject): Refusal | null {
  const columns = columnsStoringRows(object)
  if (columns.length === 0) return null
  return {
    reason: `${columns.join(', ')} stores rows of ${(findRelation(object) ?? object).name}, and PostgreSQL does not change stored rows`,
    decide: 'where the stored rows go meanwhile: drop the column, change the table, and add the column again',
  }
}

/** The same for a new column that existing rows get a value in. */
export function refuseFilledColumn(column: DdlObject): Refusal | null {
  const isFilled = ['default', 'identity', 'generated'].some((fact) => textFact(column, fact) !== '')
  return isFilled && !column.inNewRelation ? refuseStoredRows(column) : null
}

/** The same for a column whose values are written again. */
export function refuseRewrittenColumn({ from, to, facts }: ObjectChange): Refusal | null {
  const isRewritten =
    facts.has('type') ||
    facts.has('collation') ||
    (facts.has('generated') && generationOf(to)?.storage === 'stored')
  return isRewritten ? refuseStoredRows(from) : null
}

/** What the drop of a column takes from rows that are stored elsewhere. */
export function storedRowLosses(column: DdlObject): readonly Hazard[] {
  return columnsStoringRows(column).map((stored) => ({
    hazard: 'data loss',
    what: `the values of ${column.relation}.${column.name} in the rows that ${stored} stores`,
  }))
}
