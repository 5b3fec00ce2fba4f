import { type Catalog, type Fact, parseKey, schemaKeyOf, tableKeyOf } from '../../src/core/model/catalog.js'
import type { Statement } from '../../src/ddl/statement.js'
import type { Contents } from './contents.js'

type AllContents = Readonly<Record<string, Contents>>

export interface Passage {
  /** The catalog before. */
  readonly from: Catalog
  readonly statements: readonly Statement[]
  readonly before: AllContents
  readonly after: AllContents
}

/** The data that statements lost without a label that says so, in words. */
export function unlabelledLosses({ from, statements, before, after }: Passage): readonly string[] {
  const labelled = new Set(
    statements
      .filter(({ hazards }) => hazards.some(({ hazard }) => hazard === 'data loss'))
      .map(({ key }) => key),
  )
  return Object.entries(before)
    .flatMap(([key, contents]) => lossesOf(key, contents, after[key]))
    .filter(({ key }) => !holders(from, key).some((holder) => labelled.has(holder)))
    .map(({ words }) => words)
}

interface Loss {
  readonly key: string
  readonly words: string
}

function lossesOf(key: string, before: Contents, after: Contents | undefined): readonly Loss[] {
  if (before.rows === 0) return []
  if (after === undefined) return [{ key, words: `${key} is gone with its rows` }]
  if (after.rows < before.rows) return [{ key, words: `${key} has ${after.rows} of ${before.rows} rows` }]
  return Object.entries(before.columns).flatMap(([column, values]) => {
    const now = after.columns[column]
    if (values.count === 0) return []
    if (now === undefined) return [{ key: column, words: `${column} is gone with its values` }]
    if (now.count < values.count)
      return [{ key: column, words: `${column} has ${now.count} of ${values.count} values` }]
    // The same number as text says nothing where the type was changed on purpose.
    const changed = now.type === values.type && now.count === values.count && now.digest !== values.digest
    return changed ? [{ key: column, words: `${column} has other values` }] : []
  })
}

/** The keys of what an object goes with when that is dropped or changed. */
function holders(from: Catalog, key: string): readonly string[] {
  const found = [key]
  for (const one of found) {
    const needs = listOf(from[one]?.['$needs'])
    for (const holder of [tableKeyOf(one), schemaKeyOf(one), ...inheritedFrom(from, one), ...needs])
      if (holder !== null && !found.includes(holder)) found.push(holder)
  }
  return found
}

/** The tables above a table, or the same column of those above the column's. */
function inheritedFrom(from: Catalog, key: string): readonly string[] {
  const { kind, names } = parseKey(key)
  const parents = listOf(from[tableKeyOf(key) ?? key]?.['parents'])
  return parents.map((parent) => [`${kind}:${parent}`, ...names.slice(2)].join('.'))
}

function listOf(fact: Fact | undefined): readonly string[] {
  return typeof fact === 'object' ? fact : []
}
