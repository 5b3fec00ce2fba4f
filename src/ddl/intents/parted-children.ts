import type { Catalog } from '../../core/model/catalog.js'
import { namesColumn } from '../column-parts.js'
import { isBoundByChildren } from '../kinds/column-definition.js'
import { type DdlObject, findObject, findRelation, partsByRelation } from '../object.js'
import { membersByKey, parentKeysOf, withPartedTables } from '../tree.js'
import type { Intent } from './intents.js'

/*
 * Some columns of a tree get a new type only while the tables are apart: PostgreSQL changes none that a child has from two
 * parents, and 18 none with a primary key whose child has a NOT NULL of its own.
 */

/** The catalog in which the tables that are parted from their parents meanwhile say so. */
export function withPartedChildren(
  from: Catalog,
  to: Catalog,
  intents: ReadonlyMap<string, Intent>,
): Catalog {
  const retyped = [...intents.values()].flatMap((intent) =>
    intent.action === 'alter' && (intent.facts.has('type') || intent.facts.has('collation'))
      ? intent.from
      : [],
  )
  const children = retyped
    .filter(({ kind }) => kind === 'column')
    .flatMap((column) => [...(hasSeveralRoots(column) ? [column] : []), ...childrenOfKey(column)])
  const tables = children.flatMap((column) => findRelation(column) ?? [])
  const parted = tables.filter(({ key, facts }) => facts['partition'] === undefined && to[key] !== undefined)
  return withPartedTables(from, new Set(parted.map(({ key }) => key)))
}

function hasSeveralRoots(column: DdlObject): boolean {
  return parentKeysOf(column).length > 1 && rootsOf(column).size > 1
}

function rootsOf(column: DdlObject): ReadonlySet<string> {
  const parents = parentKeysOf(column).flatMap((key) => findObject(column.catalog, key) ?? [])
  return parents.length === 0
    ? new Set([column.key])
    : new Set(parents.flatMap((parent) => [...rootsOf(parent)]))
}

/** The columns below one that is bound by its own primary key, which cannot become nullable meanwhile. */
function childrenOfKey(column: DdlObject): readonly DdlObject[] {
  const { catalog, key, relationKey = '', names } = column
  if (!isBoundByChildren(column)) return []
  const isInKey = (partsByRelation(catalog).get(relationKey) ?? []).some((part) => {
    const found = catalog[part]?.['type'] === 'primary key' ? findObject(catalog, part) : undefined
    return found !== undefined && namesColumn(found, names.at(-1) ?? '')
  })
  const members = isInKey ? (membersByKey(catalog).get(key) ?? []) : []
  return members.flatMap((member) => findObject(catalog, member) ?? [])
}

/** Adds that each parted table ends its links and makes them again. */
export function linkPartedChildren(intents: Map<string, Intent>, from: Catalog, to: Catalog): void {
  for (const [key, facts] of Object.entries(from)) {
    if (facts['$parted'] !== true || (intents.has(key) && intents.get(key)?.action !== 'alter')) continue
    const [before, after] = [findObject(from, key), findObject(to, key)]
    const known = intents.get(key)
    const changed = known?.action === 'alter' ? known.facts : []
    if (before !== undefined && after !== undefined)
      intents.set(key, { action: 'alter', from: before, to: after, facts: new Set([...changed, 'parents']) })
  }
}
