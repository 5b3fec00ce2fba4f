import { type Catalog, parseKey } from '../../core/model/catalog.js'
import { type DdlObject, findRelation, keyFromName, listFact, textFact } from '../object.js'
import { isExclusion, keptParents, parentKeysOf } from '../tree.js'

/**
 * Whether PostgreSQL makes an object together with that of a parent table: the columns and checks of children that are
 * linked already, and the foreign keys and exclusion constraints of partitions, which it also makes when it attaches one.
 */
export function isMadeWithParent(object: DdlObject, from: Catalog): boolean {
  const parents = parentKeysOf(object).filter((key) => object.catalog[key] !== undefined)
  if (parents.length === 0) return false
  // PostgreSQL attaches no exclusion constraint, nor a key WITHOUT OVERLAPS, which is one: that of a partition comes with the link, or with that of the parent.
  if (isExclusion(object)) return true
  if (object.facts['type'] === 'foreign key')
    return parents.some((key) => lastName(key) === lastName(object.key))
  if (object.kind !== 'column' && object.facts['type'] !== 'check') return false
  const linked = new Set(linkedParents(object, from).map((name) => tableName(keyFromName('table', name))))
  return parents.some((key) => linked.has(tableName(key)))
}

/** The parents whose statements reach a table when its parts are created. A partition is attached only after that. */
function linkedParents(object: DdlObject, from: Catalog): readonly string[] {
  const table = findRelation(object)
  if (table === undefined) return []
  if (!object.inNewRelation) return keptParents({ facts: from[table.key] ?? {} }, table)
  const isInherited = object.facts['$inherited'] === true && textFact(table, 'partition') === ''
  return isInherited && object.kind !== 'column' ? listFact(table, 'parents') : []
}

function lastName(key: string): string | undefined {
  return parseKey(key).names.at(-1)
}

function tableName(key: string): string {
  return parseKey(key).names.slice(0, 2).join('.')
}
