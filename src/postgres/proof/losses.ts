import { type Catalog, type Fact, parseKey, schemaKeyOf, tableKeyOf } from '../../core/model/catalog.js'
import { partsOf, type Statement } from '../../ddl/statement.js'
import type { Contents, TableContents } from './contents.js'

/** Rows or values that are gone or changed. */
export interface Loss {
  /** The key of the table or column. */
  readonly key: string
  /** `column:public.songs.plays has different values` */
  readonly text: string
}

/**
 * The data that statements lost without the hazard `data loss`.
 *
 * @param from the catalog before the statements
 */
export function unlabelledLosses(
  from: Catalog,
  statements: readonly Statement[],
  before: Contents,
  after: Contents,
): readonly Loss[] {
  const losing = statements
    .flatMap(partsOf)
    .filter(({ hazards }) => hazards.some(({ hazard }) => hazard === 'data loss'))
  const labelled = new Set(losing.map(({ key }) => key))
  const labels = new Set(
    losing.flatMap(({ hazards }) => hazards.map((hazard) => ('what' in hazard ? hazard.what : ''))),
  )
  return Object.entries(before)
    .flatMap(([key, contents]) => lossesOf(key, contents, after[key]))
    .filter((loss) => !labels.has(lossLabel(loss)))
    .filter(({ key }) => ![...labelled].some(isAffectedBy(from, key)))
}

/** Whether a loss of an object is one of another, too: also for a column that stores rows of the table of that one. */
function isAffectedBy(from: Catalog, key: string): (other: string) => boolean {
  const keys = affectingKeys(from, key)
  const own = tableKeyOf(key) ?? key
  return (other) => {
    const table = tableKeyOf(other)
    return keys.includes(other) || (table !== null && table !== own && keys.includes(table))
  }
}

/** A loss as the hazard of a statement. */
function lossLabel({ key }: Loss): string {
  const name = key.slice(key.indexOf(':') + 1)
  return key.startsWith('table:') ? `rows of ${name}` : `values, or a part of values, of ${name}`
}

/** The statements with the label of each loss at the one that is for what is lost, else for its table, else at the last. */
export function labelLosses(
  statements: readonly Statement[],
  losses: readonly Loss[],
  from: Catalog,
): readonly Statement[] {
  const labels = new Map<Statement, string[]>()
  for (const loss of losses) {
    const keys = affectingKeys(from, loss.key)
    const isFor = (key: string) => (statement: Statement) =>
      partsOf(statement).some((part) => part.key === key)
    const causes = keys.map((key) => statements.findLast(isFor(key)))
    const cause = causes.find((statement) => statement !== undefined) ?? statements.at(-1)
    if (cause !== undefined) labels.set(cause, [...(labels.get(cause) ?? []), lossLabel(loss)])
  }
  return statements.map((statement) => ({
    ...statement,
    hazards: [
      ...(labels.get(statement) ?? []).map((what) => ({ hazard: 'data loss', what }) as const),
      ...statement.hazards,
    ],
  }))
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
    const isChanged =
      current.count === values.count && current.digest !== null && current.digest !== values.digest
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
