import { type DdlObject, findObject, listFact, relationKeyOf, textFact } from '../object.js'

/** The table of a constraint, and those that a foreign key references. */
export function tablesOfConstraint(object: DdlObject): readonly string[] {
  const isForeignKey = textFact(object, 'type') === 'foreign key'
  return [object.relation, ...(isForeignKey ? referencedTables(object) : [])]
}

/** The tables that a foreign key references, without its own. */
function referencedTables(object: DdlObject): readonly string[] {
  const relations = listFact(object, '$needs').flatMap(
    (needed) => relationKeyOf(object.catalog, needed) ?? [],
  )
  const tables = [...new Set(relations)].flatMap((key) => findObject(object.catalog, key)?.name ?? [])
  return tables.filter((name) => name !== object.relation)
}
