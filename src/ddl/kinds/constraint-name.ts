import { objectKey } from '../../core/model/catalog.js'
import { quoteIdentifier, shortenName } from '../identifiers.js'
import { type DdlObject, partsByRelation, textFact } from '../object.js'

/** The name that PostgreSQL gives the NOT NULL of a column. */
export function notNullName(column: DdlObject): string {
  return freeConstraintName(column, 'not_null')
}

/** The name that PostgreSQL gives a constraint of a column, as SQL: with a number where something of the table has it. */
export function freeConstraintName(column: DdlObject, label: string): string {
  for (let count = 0; ; count += 1) {
    const name = shortenedName(column, count === 0 ? label : `${label}${count}`)
    if (!isTaken(column, name)) return quoteIdentifier(name)
  }
}

function isTaken({ catalog, names, key, relationKey = '' }: DdlObject, name: string): boolean {
  const [schema = '', table = ''] = names
  if (catalog[objectKey('constraint', [schema, table, name])] !== undefined) return true
  return (partsByRelation(catalog).get(relationKey) ?? []).some(
    (part) =>
      part !== key && textFact({ facts: catalog[part] ?? {} }, 'notNullName') === quoteIdentifier(name),
  )
}

/** Names have 63 bytes, and PostgreSQL shortens the longer one of table and column until all fits. */
function shortenedName({ names }: DdlObject, label: string): string {
  const [, table = '', column = ''] = names
  let [first, second] = [Buffer.byteLength(table), Buffer.byteLength(column)]
  while (first + second + label.length + 2 > 63)
    if (first > second) first -= 1
    else second -= 1
  return [shortenName(table, first), shortenName(column, second), label].join('_')
}
