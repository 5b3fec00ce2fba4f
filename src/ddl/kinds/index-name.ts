import { quoteIdentifier } from '../identifiers.js'
import type { DdlObject } from '../object.js'

/**
 * The name of an index, or of the index of a key, in SQL with its schema, which is that of its table.
 *
 * @param name another name of it, in SQL
 */
export function indexName({ names, name: own }: DdlObject, name: string = own): string {
  return `${quoteIdentifier(names[0] ?? '')}.${name}`
}
