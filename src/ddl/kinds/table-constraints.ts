import { type DdlObject, findObject, findRelation, listFact, partsByRelation, textFact } from '../object.js'

/** The constraints that the definition of a table contains, in the order of their names. */
export function tableConstraints(table: DdlObject): readonly string[] {
  const { catalog, key, isCompact } = table
  if (!isCompact) return []
  const keys = (partsByRelation(catalog).get(key) ?? []).filter((part) => part.startsWith('constraint:'))
  return keys
    .toSorted()
    .flatMap((part) => findObject(catalog, part) ?? [])
    .map((constraint) => ({ ...constraint, inNewRelation: true, isCompact }))
    .filter(isInDefinition)
    .map((constraint) => `CONSTRAINT ${constraint.name} ${textFact(constraint, 'definition')}`)
}

const types = new Set(['check', 'primary key', 'unique'])

/** Whether the definition of its new table contains a constraint: it needs nothing but the columns of the table. */
export function isInDefinition(constraint: DdlObject): boolean {
  const { facts, isCompact, inNewRelation } = constraint
  if (!isCompact || !inNewRelation || !types.has(textFact(constraint, 'type'))) return false
  const table = findRelation(constraint)
  const isOwn = facts['$inherited'] !== true && facts['parent'] === undefined && facts['valid'] !== false
  return isOwn && listFact(constraint, '$needs').length === 0 && table !== undefined && isPlain(table)
}

/** A table of a tree, or of a type, shares its constraints with others. */
function isPlain({ kind, facts }: DdlObject): boolean {
  return kind === 'table' && ['parents', 'partitionedBy', 'ofType'].every((fact) => facts[fact] === undefined)
}
