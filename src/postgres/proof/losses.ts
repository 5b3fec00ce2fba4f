import { type Catalog, type Fact, parseKey, schemaKeyOf, tableKeyOf } from '../../core/model/catalog.js'
import { partsOf, type Statement } from '../../ddl/statement.js'
import { keyFromName } from '../../ddl/object.js'
import type { ColumnContents, TableContents } from './contents.js'
import type { ScratchData } from './scratch-data.js'
import { positionLossOf, type SequencePositions } from './sequence-positions.js'

/** Rows or values that are gone or changed, or the position of a sequence. */
export interface Loss {
  /** The key of the table, column or sequence. */
  readonly key: string
  /** `column:public.songs.plays has different values` */
  readonly text: string
  /** What is lost, as the hazard of a statement says it. */
  readonly what: string
}

/**
 * The data that statements lost without the hazard `data loss`.
 *
 * @param from the catalog before the statements
 */
export function unlabelledLosses(
  from: Catalog,
  statements: readonly Statement[],
  before: ScratchData,
  after: ScratchData,
): readonly Loss[] {
  const losing = statements
    .flatMap(partsOf)
    .filter(({ hazards }) => hazards.some(({ hazard }) => hazard === 'data loss'))
  const keys = new Set(losing.map(({ key }) => key))
  const labelled = { keys, tables: new Set([...keys].flatMap((key) => tableKeyOf(key) ?? [])) }
  const labels = new Set(
    losing.flatMap(({ hazards }) => hazards.map((hazard) => ('what' in hazard ? hazard.what : ''))),
  )
  const losses = Object.entries(before.contents).flatMap(([key, contents]) =>
    lossesOf(key, contents, after.contents[key]),
  )
  return [...losses, ...lostPositions(before.positions, after.positions)]
    .filter(({ what }) => !labels.has(what))
    .filter(({ key }) => !isAffectedBy(from, key, labelled))
}

/** The keys of what loses data, and those of the tables with a part that does. */
interface LossKeys {
  readonly keys: ReadonlySet<string>
  readonly tables: ReadonlySet<string>
}

/** Whether a loss of an object is one of others, too: also for a column that stores rows of the table of one of them. */
function isAffectedBy(from: Catalog, key: string, { keys, tables }: LossKeys): boolean {
  const own = tableKeyOf(key) ?? key
  return affectingKeys(from, key).some((each) => keys.has(each) || (each !== own && tables.has(each)))
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
    if (cause !== undefined) labels.set(cause, [...(labels.get(cause) ?? []), loss.what])
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
  const what = `rows of ${nameOf(key)}`
  if (after === undefined) return [{ key, what, text: `${key} is gone with its rows` }]
  if (after.rows < before.rows)
    return [{ key, what, text: `${key} has ${after.rows} of ${before.rows} rows` }]
  return Object.entries(before.columns).flatMap(([column, values]) => {
    const text = lossOfValues(values, after.columns[column])
    const lost = `values, or a part of values, of ${nameOf(column)}`
    return text === null ? [] : [{ key: column, what: lost, text: `${column} ${text}` }]
  })
}

function lossOfValues(before: ColumnContents, after: ColumnContents | undefined): string | null {
  if (before.count === 0) return null
  if (after === undefined) return 'is gone with its values'
  if (after.count < before.count) return `has ${after.count} of ${before.count} values`
  const isChanged = after.count === before.count && after.digest !== null && after.digest !== before.digest
  return isChanged ? 'has different values' : null
}

function lostPositions(before: SequencePositions, after: SequencePositions): readonly Loss[] {
  return Object.entries(before).flatMap(([key, position]) => {
    const of = key.startsWith('column:') ? 'the identity of ' : ''
    const text = positionLossOf(position, after[key])
    return text === null ? [] : [{ key, what: `the position of ${of}${nameOf(key)}`, text: `${key} ${text}` }]
  })
}

function nameOf(key: string): string {
  return key.slice(key.indexOf(':') + 1)
}

/** The keys of the objects whose drop or change also affects an object, and its own. */
function affectingKeys(from: Catalog, key: string): readonly string[] {
  const keys = [key]
  for (const current of keys) {
    const { $needs, ownedBy } = from[current] ?? {}
    const owner = typeof ownedBy === 'string' ? keyFromName('column', ownedBy) : null
    const others = [tableKeyOf(current), schemaKeyOf(current), owner, ...parentKeys(from, current)]
    for (const other of [...others, ...listOf($needs)])
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
