import { type Catalog, groupKeys, oncePerCatalog } from '../../core/model/catalog.js'
import { listFact, relationKeyOf, relationOrOwnKey, textFact } from '../object.js'
import { childTables, parentTables } from '../tree.js'
import type { Reach } from './statement-forms.js'

/** The keys of the tables, views and sequences that a statement for an object reaches, in one catalog. */
export function reachedRelations(catalog: Catalog, key: string, reach: Reach): readonly string[] {
  const table = relationOrOwnKey(catalog, key)
  switch (reach) {
    case 'table':
      return /^(?:table|foreign_table|view|materialized_view|sequence):/.test(table) ? [table] : []
    case 'below':
      return tablesBelow(catalog, table)
    case 'parents':
      return parentTables(catalog, table)
    case 'default partition':
      return parentTables(catalog, table).flatMap((parent) => defaultPartitionsOf(catalog, parent))
    case 'referenced':
      return referencedTables(catalog, key)
    case 'referenced by a tree':
      return tablesBelow(catalog, table).length > 0 ? referencedTables(catalog, key) : []
    case 'foreign keys':
      return relatives(catalog, table)
        .flatMap((one) => foreignKeysOf(catalog, one))
        .flatMap((foreignKey) => referencedTables(catalog, foreignKey))
    case 'own foreign keys':
      return foreignKeysOf(catalog, table)
        .filter((foreignKey) => catalog[foreignKey]?.['$inherited'] !== true)
        .flatMap((foreignKey) => referencedTables(catalog, foreignKey))
    case 'references to it':
      return relatives(catalog, table).flatMap((one) => referencingTables(catalog).get(one) ?? [])
  }
}

function relatives(catalog: Catalog, table: string): readonly string[] {
  return [table, ...tablesBelow(catalog, table), ...parentTables(catalog, table)]
}

/** Partitions and inheriting tables, at any depth. */
function tablesBelow(catalog: Catalog, table: string): readonly string[] {
  const found = new Set(childTables(catalog).get(table))
  for (const child of found) for (const below of childTables(catalog).get(child) ?? []) found.add(below)
  return [...found]
}

function defaultPartitionsOf(catalog: Catalog, parent: string): readonly string[] {
  const children = childTables(catalog).get(parent) ?? []
  return children.filter((key) => textFact({ facts: catalog[key] ?? {} }, 'partition') === 'DEFAULT')
}

/** The tables that a constraint or a trigger needs, each with its partitions. */
function referencedTables(catalog: Catalog, key: string): readonly string[] {
  const needed = listFact({ facts: catalog[key] ?? {} }, '$needs')
  const tables = needed.flatMap((one) => relationKeyOf(catalog, one) ?? [])
  return tables.flatMap((table) =>
    catalog[table]?.['partitionedBy'] === undefined ? [table] : [table, ...tablesBelow(catalog, table)],
  )
}

const foreignKeysByTable = oncePerCatalog((catalog) =>
  groupKeys(catalog, (key) => (isForeignKey(catalog, key) ? relationKeyOf(catalog, key) : undefined)),
)

/** By the table that they lead to, the tables that foreign keys come from. */
const referencingTables = oncePerCatalog((catalog) => {
  const referencing = new Map<string, string[]>()
  for (const [table, keys] of foreignKeysByTable(catalog))
    for (const referenced of keys.flatMap((key) => referencedTables(catalog, key)))
      append(referencing, referenced, table)
  return referencing
})

function foreignKeysOf(catalog: Catalog, table: string): readonly string[] {
  return foreignKeysByTable(catalog).get(table) ?? []
}

function isForeignKey(catalog: Catalog, key: string): boolean {
  return textFact({ facts: catalog[key] ?? {} }, 'type') === 'foreign key'
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
