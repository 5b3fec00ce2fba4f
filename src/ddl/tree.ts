import { type Catalog, type Facts, oncePerCatalog, parseKey } from '../core/model/catalog.js'
import {
  booleanFact,
  type DdlObject,
  findObject,
  findRelation,
  keyFromName,
  listFact,
  partsByRelation,
  textFact,
  type WithFacts,
} from './object.js'

/*
 * In a tree of tables, an object of a parent and those that its children have of it are one object with many names.
 * PostgreSQL creates, changes and drops them together, through the links between the tables.
 */

/** The keys of the objects of parent tables that an object is one with. */
export function parentKeysOf(object: DdlObject): readonly string[] {
  const { kind, facts, name, catalog } = object
  const parents = parentTablesOf(object)
  if (parents.length === 0) return []
  if (kind === 'column' || isCheck(object))
    return parents
      .map((parent) => keyFromName(kind, `${parent}.${name}`))
      .filter((key) => (kind === 'column' ? catalog[key] !== undefined : isCheck(findObject(catalog, key))))
  const index = textFact(object, kind === 'index' ? 'parent' : '$parentIndex')
  if (index !== '') {
    const [own = ''] = parseKey(`index:${index}`).names.slice(-1)
    return parents.map((parent) => keyFromName('index', `${parent}.${own}`))
  }
  return kind === 'constraint' && facts['parent'] !== undefined
    ? [keyFromName('constraint', textFact(object, 'parent'))]
    : []
}

function parentTablesOf(object: DdlObject): readonly string[] {
  const table = findRelation(object)
  return table === undefined || booleanFact(table, '$parted') ? [] : listFact(table, 'parents')
}

/** Whether it is an exclusion constraint, or a key that PostgreSQL makes like one. */
export function isExclusion(object: DdlObject): boolean {
  return object.facts['type'] === 'exclude' || / WITHOUT OVERLAPS\)/.test(textFact(object, 'definition'))
}

/** Whether it is a check that children of its table have as well. */
function isCheck(object: DdlObject | undefined): boolean {
  return object?.facts['type'] === 'check' && !textFact(object, 'definition').endsWith(' NO INHERIT')
}

/** Whether PostgreSQL drops an object with that of the parent, instead of leaving it as one of the child's own. */
export function isDroppedWithParent({ kind, facts }: DdlObject): boolean {
  return kind === 'column' || facts['type'] === 'check' ? facts['$inherited'] === true : true
}

/** The names of the parents whose links to a table stay. A new parent comes after the others, so their order counts. */
export function keptParents(from: WithFacts, to: WithFacts): readonly string[] {
  if (textFact(from, 'partition') !== textFact(to, 'partition') || booleanFact(from, '$parted')) return []
  const before = listFact(from, 'parents')
  const kept: string[] = []
  let place = 0
  for (const parent of listFact(to, 'parents')) {
    const found = before.indexOf(parent, place)
    if (found === -1) break
    kept.push(parent)
    place = found + 1
  }
  return kept
}

/** The objects of two catalogs that are one, through links that stay: the keys of parents by key, and of children. */
export interface KeptTree {
  readonly parentsOf: ReadonlyMap<string, readonly string[]>
  readonly membersOf: ReadonlyMap<string, readonly string[]>
}

/** The keys of the parents of a table. */
export function parentTables(catalog: Catalog, table: string): readonly string[] {
  return listFact({ facts: catalog[table] ?? {} }, 'parents').map((name) => keyFromName('table', name))
}

/** By the key of a table, the keys of its children. */
export const childTables = oncePerCatalog((catalog) =>
  invert(new Map(tablesWithParents(catalog).map((table) => [table, parentTables(catalog, table)]))),
)

/** What is one object in the catalog `from`, and not parted on the way to the catalog `to`. */
export function keptTree(from: Catalog, to: Catalog): KeptTree {
  const parentsOf = new Map<string, readonly string[]>()
  for (const table of tablesWithParents(from)) {
    const kept = new Set(
      keptParents({ facts: from[table] ?? {} }, { facts: to[table] ?? {} }).flatMap(keysOfTable),
    )
    if (kept.size === 0) continue
    for (const key of partsByRelation(from).get(table) ?? []) {
      const parents = parentKeysIn(from, key).filter((parent) => kept.has(tableOf(parent)))
      if (parents.length > 0) parentsOf.set(key, parents)
    }
  }
  return { parentsOf, membersOf: invert(parentsOf) }
}

/** By the key of an object, the keys of those of child tables that are one with it. */
export const membersByKey = oncePerCatalog((catalog) => {
  const parts = tablesWithParents(catalog).flatMap((table) => partsByRelation(catalog).get(table) ?? [])
  return invert(new Map(parts.map((key) => [key, parentKeysIn(catalog, key)])))
})

/** All that is one with an object below it. */
export function descendantsOf(
  membersOf: ReadonlyMap<string, readonly string[]>,
  key: string,
): readonly string[] {
  const found = [...(membersOf.get(key) ?? [])]
  for (const member of found) found.push(...(membersOf.get(member) ?? []))
  return found
}

/** The keys of the tables with parents. */
const tablesWithParents = oncePerCatalog((catalog: Catalog): readonly string[] =>
  Object.keys(catalog).filter(
    (key) => /^(?:foreign_)?table:/.test(key) && catalog[key]?.['parents'] !== undefined,
  ),
)

/** A catalog in which some tables are parted from their parents, which they get again. */
export function withPartedTables(catalog: Catalog, tables: ReadonlySet<string>): Catalog {
  if (tables.size === 0) return catalog
  return {
    ...catalog,
    ...Object.fromEntries([...tables].map((key) => [key, { ...catalog[key], $parted: true }])),
  }
}

/**
 * A catalog in which no partition has the identity of its parent, which PostgreSQL 17 and later shows for both: it comes
 * and goes with the link.
 */
export function withoutIdentityOfParents(catalog: Catalog): Catalog {
  const inherited = tablesWithParents(catalog)
    .filter((table) => catalog[table]?.['partition'] !== undefined)
    .flatMap((table) => partsByRelation(catalog).get(table) ?? [])
    .filter((key) => catalog[key]?.['identity'] !== undefined)
    .filter((key) => parentKeysIn(catalog, key).some((parent) => catalog[parent]?.['identity'] !== undefined))
  if (inherited.length === 0) return catalog
  return { ...catalog, ...Object.fromEntries(inherited.map((key) => [key, withoutIdentity(catalog[key])])) }
}

function withoutIdentity(facts: Facts = {}): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !name.startsWith('identity')))
}

function parentKeysIn(catalog: Catalog, key: string): readonly string[] {
  const object = findObject(catalog, key)
  return object === undefined ? [] : parentKeysOf(object)
}

function keysOfTable(name: string): readonly string[] {
  return [keyFromName('table', name), keyFromName('foreign_table', name)]
}

function tableOf(key: string): string {
  return `table:${parseKey(key).names.slice(0, 2).join('.')}`
}

function invert(lists: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  const inverted = new Map<string, string[]>()
  for (const [key, names] of lists)
    for (const name of names) {
      const found = inverted.get(name)
      if (found === undefined) inverted.set(name, [key])
      else found.push(key)
    }
  return inverted
}
