import { parseKey } from '../../core/model/catalog.js'
import { quoteIdentifier, unquoteIdentifier } from '../identifiers.js'
import type { DdlObject } from '../object.js'

/** How much of a name stays in front of the suffix. PostgreSQL cuts names after 63 bytes. */
const keptBytes = 50

/** The name in SQL, without its schema, that a type has from the time when its name is needed until it is dropped. */
export function swapNameOf({ key, names: [schema = '', name = ''], catalog }: DdlObject): string {
  const start = cutName(name)
  const alike = Object.keys(catalog).filter((other) => {
    const parts = /^(?:enum|domain|composite|range|collation):/.test(other) ? parseKey(other).names : []
    const [otherSchema = '', otherName = ''] = parts.map(unquoteIdentifier)
    return other < key && otherSchema === schema && cutName(otherName) === start
  })
  return quoteIdentifier(`${start}__replaced${alike.length === 0 ? '' : alike.length + 1}`)
}

/** A character that is cut in two is left out. */
function cutName(name: string): string {
  return Buffer.from(name)
    .subarray(0, keptBytes)
    .toString()
    .replace(/\uFFFD+$/, '')
}
