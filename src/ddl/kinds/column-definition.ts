import { sameFact } from '../../core/model/catalog.js'
import {
  type DdlObject,
  findObject,
  booleanFact,
  keyFromName,
  listFact,
  findRelation,
  textFact,
} from '../object.js'
import { descendantsOf, keptParents, membersByKey } from '../tree.js'
import { isDefaultDeferred } from './column-default.js'
import { generationOf } from './generation.js'
import { identityClause } from './identity-options.js'
import { foreignOptionList } from './parameters.js'

/** The definition of a column in CREATE TABLE and ADD COLUMN. */
export function columnDefinition(object: DdlObject): string {
  const collation = textFact(object, 'collation')
  const parts = [
    object.name,
    textFact(object, 'type'),
    textFact(object, 'fdwOptions') === '' ? '' : `OPTIONS (${foreignOptionList(object, 'fdwOptions')})`,
    collation === '' ? '' : `COLLATE ${collation}`,
    ...columnConstraints(object),
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** The clauses of a column definition for generation, default, identity and NOT NULL. */
export function columnConstraints(object: DdlObject): readonly string[] {
  const generation = generationOf(object)
  const expression = textFact(object, 'default')
  return [
    generation === null
      ? ''
      : `GENERATED ALWAYS AS (${generation.expression}) ${generation.storage.toUpperCase()}`,
    expression === '' || isDefaultDeferred(object) ? '' : `DEFAULT ${expression}`,
    identityClause(object),
    isNotNullInline(object) ? notNullClause(object) : '',
  ].filter((part) => part !== '')
}

/** Before 18 PostgreSQL takes the name and forgets it. */
function notNullClause(object: DdlObject): string {
  const name = textFact(object, 'notNullName')
  const noInherit = booleanFact(object, 'notNullNoInherit') ? ' NO INHERIT' : ''
  return `${name === '' ? '' : `CONSTRAINT ${name} `}NOT NULL${noInherit}`
}

/** An identity column is NOT NULL by itself. A NOT NULL that is not valid is a statement after the table. */
function isNotNullInline({ facts }: DdlObject): boolean {
  return facts['nullable'] === false && facts['identity'] === undefined && facts['valid'] !== false
}

/** Whether the definition of its table contains the column: not if the table only inherits it. */
export function hasLocalDefinition(object: DdlObject): boolean {
  const table = findRelation(object)
  const isPartition = table !== undefined && textFact(table, 'partition') !== ''
  return isPartition || !booleanFact(object, '$inherited')
}

/** The column with this name in the first parent that has one. */
export function parentColumnOf(object: DdlObject): DdlObject | undefined {
  const table = findRelation(object)
  if (table === undefined) return undefined
  const keys = listFact(table, 'parents').map((parent) => keyFromName('column', `${parent}.${object.name}`))
  return keys.map((key) => findObject(object.catalog, key)).find((found) => found !== undefined)
}

export const partitionKeyRefusal = {
  reason: 'the table is partitioned by this column, and PostgreSQL cannot change the type of such a column',
  decide: 'create a new partitioned table, move the rows to it, and rename both',
}

/** Whether its table, or a parent of its table, is partitioned by the column. */
export function isPartitionKey(object: DdlObject): boolean {
  const table = object.catalog[object.relationKey ?? '']
  const parent = parentColumnOf(object)
  const key = table === undefined ? '' : textFact({ facts: table }, 'partitionedBy')
  const names = key.split(/[^\w$".]+/)
  return names.includes(object.name) || (parent !== undefined && isPartitionKey(parent))
}

/** Whether an inherited column gets a fact from a parent that stays, whose change is also its own. */
export function followsParent(from: DdlObject, to: DdlObject, fact: string): boolean {
  const [before, after] = [findRelation(from), findRelation(to)]
  if (before === undefined || after === undefined || keptParents(before, after).length === 0) return false
  const parent = booleanFact(to, '$inherited') ? parentColumnOf(to) : undefined
  if (parent === undefined || textFact(parent, fact) !== textFact(to, fact)) return false
  return !sameFact(from.catalog[parent.key]?.[fact], parent.facts[fact])
}

/**
 * Whether a child has a NOT NULL of its own beside that of the column. Where the two have different names, PostgreSQL 18 can
 * neither rename that of the column nor make it again for a new type.
 */
export function isBoundByChildren(column: DdlObject): boolean {
  const { catalog, key, facts } = column
  if (facts['nullable'] !== false) return false
  return descendantsOf(membersByKey(catalog), key).some((member) => catalog[member]?.['$ownNotNull'] === true)
}

/** Whether its NOT NULL is one with that of a parent, whose name is not compared. */
export function isNotNullOfParent(column: DdlObject): boolean {
  const parent = textFact(column, 'notNullName') === '' ? parentColumnOf(column) : undefined
  return parent?.facts['nullable'] === false && parent.facts['notNullNoInherit'] === undefined
}

/** A column and those of children, each bound by its own: parents first. */
export function boundColumns(column: DdlObject): readonly DdlObject[] {
  const members = descendantsOf(membersByKey(column.catalog), column.key)
  const children = members.flatMap((key) => findObject(column.catalog, key) ?? [])
  return isBoundByChildren(column) ? [column, ...children.filter(isBoundByChildren)] : []
}

/** The key of the type of a typed table (CREATE TABLE … OF), null for others and for one that gets or loses its type. */
export function tableTypeKeyOf(object: DdlObject): string | null {
  if (object.changesTableType) return null
  const table = findRelation(object)
  const type = table === undefined ? '' : textFact(table, 'ofType')
  return type === '' ? null : keyFromName('composite', type)
}
