import { type Catalog, type Fact, parseKey, schemaKeyOf, tableKeyOf } from '../../src/core/model/catalog.js'
import type { Statement } from '../../src/ddl/statement.js'
import type { TableContents } from './contents.js'

type Contents = Readonly<Record<string, TableContents>>

/**
 * The data that statements lost without the hazard `data loss`, as text.
 *
 * @param from the catalog before the statements
 */
export function unlabelledLosses(
  from: Catalog,
  statements: readonly Statement[],
  before: Contents,
  after: Contents,
): readonly string[] {
  const labelled = new Set(
    statements
      .filter(({ hazards }) => hazards.some(({ hazard }) => hazard === 'data loss'))
      .map(({ key }) => key),
  )
  return Object.entries(before)
    .flatMap(([key, contents]) => lossesOf(key, contents, after[key]))
    .filter(({ key }) => ![...labelled].some(isAffectedBy(from, key)))
    .map(({ text }) => text)
}

/** Whether a loss of an object is one of another, too: also for a column that stores rows of the table of that one. */
function isAffectedBy(from: Catalog, key: string): (other: string) => boolean {
  const keys = affectingKeys(from, key)
  const own = tableKeyOf(key)
  return (other) => {
    const table = tableKeyOf(other)
    return keys.includes(other) || (table !== null && table !== own && keys.includes(table))
  }
}

interface Loss {
  readonly key: string
  readonly text: string
}

function lossesOf(key: string, before: TableContents, after: TableContents | undefined): readonly Loss[] {
  if (before.rows === 0) return []
  if (after === undefined) return [{ key, text: `${key} is gone with its rows` }]
  if (after.rows < before.rows) return [{ key, text: `${key} has ${after.rows} of ${before.rows} rows` }]
  return Object.entries(before.columns).flatMap(([column, values]) => {
    const current = after.columns[column]
    if (values.count === 0) return []
    if (current === undefined) return [{ key: column, text: `${column} is gone with its values` }]
    if (current.count < values.count)
      return [{ key: column, text: `${column} has ${current.count} of ${values.count} values` }]
    // After a change of the type the texts of the same values may differ.
    const isChanged =
      current.type === values.type && current.count === values.count && current.digest !== values.digest
    return isChanged ? [{ key: column, text: `${column} has different values` }] : []
  })
}

/** The keys of the objects whose drop or change also affects an object, and its own. */
function affectingKeys(from: Catalog, key: string): readonly string[] {
  const keys = [key]
  for (const current of keys) {
    const needs = listOf(from[current]?.['$needs'])
    for (const other of [tableKeyOf(current), schemaKeyOf(current), ...parentKeys(from, current), ...needs])
      if (other !== null && !keys.includes(other)) keys.push(other)
  }
  return keys
}

/** The parents of a table, or the same column of the parents of a column's table. */
function parentKeys(from: Catalog, key: string): readonly string[] {
  const { kind, names } = parseKey(key)
  const parents = listOf(from[tableKeyOf(key) ?? key]?.['parents'])
  return parents.map((parent) => [`${kind}:${parent}`, ...names.slice(2)].join('.'))
}

function listOf(fact: Fact | undefined): readonly string[] {
  return typeof fact === 'object' ? fact : []
}
