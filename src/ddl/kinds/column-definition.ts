import { type DdlObject, findObject, is, keyOfName, list, holderOf, text } from '../object.js'
import { defersDefault } from './column-default.js'
import { identityClause } from './column-identity.js'
import { optionList } from './parameters.js'

/** A column as it stands in CREATE TABLE and ADD COLUMN. */
export function columnDefinition(object: DdlObject): string {
  const collation = text(object, 'collation')
  const parts = [
    object.name,
    text(object, 'type'),
    text(object, 'fdwOptions') === '' ? '' : `OPTIONS (${optionList(object, 'fdwOptions')})`,
    collation === '' ? '' : `COLLATE ${collation}`,
    ...columnConstraints(object),
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** What makes its values and whether they may be null. */
export function columnConstraints(object: DdlObject): readonly string[] {
  const generated = /^(stored|virtual): (.*)$/s.exec(text(object, 'generated'))
  const value = text(object, 'default')
  return [
    generated === null
      ? ''
      : `GENERATED ALWAYS AS (${generated[2]})${generated[1] === 'stored' ? ' STORED' : ' VIRTUAL'}`,
    value === '' || defersDefault(object) ? '' : `DEFAULT ${value}`,
    identityClause(object),
    isRequired(object) ? `NOT NULL${is(object, 'notNullNoInherit') ? ' NO INHERIT' : ''}` : '',
  ].filter((part) => part !== '')
}

/** An identity column is NOT NULL without a word; what was not checked for all rows is said afterwards. */
function isRequired({ facts }: DdlObject): boolean {
  return facts['nullable'] === false && facts['identity'] === undefined && facts['valid'] !== false
}

/** Whether the definition of its table names it: not if it only comes from a parent. */
export function hasLocalDefinition(object: DdlObject): boolean {
  const table = holderOf(object)
  const isPartition = table !== undefined && text(table, 'partition') !== ''
  return isPartition || !is(object, '$inherited')
}

/** The column of the first parent that has one of this name. */
export function parentColumnOf(object: DdlObject): DdlObject | undefined {
  const table = holderOf(object)
  if (table === undefined) return undefined
  const keys = list(table, 'parents').map((parent) => keyOfName('column', `${parent}.${object.name}`))
  return keys.map((key) => findObject(object.catalog, key)).find((found) => found !== undefined)
}

/** The key of the type that gives a typed table its columns, null for other tables. */
export function typeOfTable(object: DdlObject): string | null {
  const table = holderOf(object)
  const type = table === undefined ? '' : text(table, 'ofType')
  return type === '' ? null : keyOfName('composite', type)
}
