import { type DdlObject, findObject, partsByRelation, textFact } from './object.js'
import { unquoteIdentifier } from './identifiers.js'

const word = /"(?:[^"]|"")*"|[\p{L}\p{N}_$]+/gu

/**
 * The keys of the indexes and constraints of a table that PostgreSQL drops with a column. The catalog has no dependency on
 * the columns of the own table, but the definition names them. One that only contains the same word is among them, too:
 * it is made again without need.
 */
export function partsNamingColumn({ catalog, relationKey = '', names }: DdlObject): readonly string[] {
  const column = names.at(-1) ?? ''
  return (partsByRelation(catalog).get(relationKey) ?? []).filter((key) => {
    const part = /^(?:index|constraint):/.test(key) ? findObject(catalog, key) : undefined
    return part !== undefined && namesColumn(part, column)
  })
}

/** Whether the definition of an index or a constraint contains the name of a column as a word. */
export function namesColumn(part: DdlObject, column: string): boolean {
  return (textFact(part, 'definition').match(word) ?? []).some((found) => unquoteIdentifier(found) === column)
}
