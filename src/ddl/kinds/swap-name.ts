import { parseKey } from '../../core/model/catalog.js'
import { quoteIdentifier, shortenName, unquoteIdentifier } from '../identifiers.js'
import type { DdlObject } from '../object.js'

/** How much of a name stays in front of the suffix. PostgreSQL cuts names after 63 bytes. */
const keptBytes = 50

/** The name in SQL, without its schema, that a type has from the time when its name is needed until it is dropped. */
export function swapNameOf({ key, names: [schema = '', name = ''], catalog }: DdlObject): string {
  const start = shortenName(name, keptBytes)
  const alike = Object.keys(catalog).filter((other) => {
    const parts = /^(?:enum|domain|composite|range|collation):/.test(other) ? parseKey(other).names : []
    const [otherSchema = '', otherName = ''] = parts.map(unquoteIdentifier)
    return other < key && otherSchema === schema && shortenName(otherName, keptBytes) === start
  })
  return quoteIdentifier(`${start}__replaced${alike.length === 0 ? '' : alike.length + 1}`)
}
