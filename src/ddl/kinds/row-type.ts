import { type DdlObject, findRelation } from '../object.js'
import type { Hazard } from '../statement.js'
import { columnsOfType } from './type-users.js'

/** The columns of other tables that store rows of the table of a part, or of a table itself, in SQL. */
export function columnsStoringRows(object: DdlObject): readonly string[] {
  const table = findRelation(object) ?? object
  return columnsOfType(table).map(({ column }) => column)
}

/** Why a change that rewrites rows is refused: PostgreSQL does not rewrite those that columns of other tables store. */
export function refuseStoredRows(object: DdlObject): { reason: string; decide: string } | null {
  const columns = columnsStoringRows(object)
  if (columns.length === 0) return null
  return {
    reason: `${columns.join(', ')} stores rows of ${(findRelation(object) ?? object).name}, and PostgreSQL does not change stored rows`,
    decide: 'where the stored rows go meanwhile: drop the column, change the table, and add the column again',
  }
}

/** What the drop of a column takes from rows that are stored elsewhere. */
export function storedRowLosses(column: DdlObject): readonly Hazard[] {
  return columnsStoringRows(column).map((stored) => ({
    hazard: 'data loss',
    what: `the values of ${column.relation}.${column.name} in the rows that ${stored} stores`,
  }))
}
