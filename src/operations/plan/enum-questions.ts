import { type Catalog, keyFromSqlName, parseKey, sortKeys, unquoteName } from '../../core/model/catalog.js'
import { quoteIdentifier, quoteLiteral } from '../../ddl/identifiers.js'
import type { DataQuestion } from './data-question.js'
import type { RenamedLabel } from '../../postgres/observe/enum-labels.js'
import type { ObservedRevision } from '../observe/observation.js'

/** The labels of an enum that a revision removes or renames, and what becomes of them in words. */
interface LostLabels {
  readonly labels: readonly string[]
  readonly effect: 'may fail' | 'renames'
  readonly what: string
}

/**
 * The questions to the rows that have labels of an enum which a revision removes or renames: in columns of the enum, and of
 * arrays, domains and composite types that have it. How a removed label is converted, only the revision knows.
 *
 * @param earlier the labels that the pending revisions before it renamed
 */
export function enumQuestions(
  { before, after, renamedLabels }: ObservedRevision,
  earlier: readonly RenamedLabel[],
): readonly DataQuestion[] {
  const columns = sortKeys(Object.keys(before).filter((key) => isColumnOfTable(key, before)))
  return Object.keys(before)
    .filter((key) => key.startsWith('enum:'))
    .flatMap((key) => lostLabels(key, before, after, renamedLabels).map((lost) => ({ key, lost })))
    .flatMap(({ key, lost }) =>
      columns.flatMap((column) => {
        const wanted = { key, labels: withEarlierNames(lost.labels, earlier) }
        const condition = findLabels(String(before[column]?.['type']), { catalog: before, ...wanted })
        const later = findLabels(String(after[column]?.['type']), { catalog: after, ...wanted })
        const isMoved = lost.effect === 'may fail' && later === null
        return condition === null || isMoved ? [] : [questionOf(column, lost, condition)]
      }),
    )
}

function lostLabels(
  key: string,
  before: Catalog,
  after: Catalog,
  renamedLabels: ObservedRevision['renamedLabels'],
): readonly LostLabels[] {
  const name = key.slice('enum:'.length)
  const renamed = renamedLabels.filter(({ type }) => keyFromSqlName('enum', type) === key)
  const left = enumLabelsOf(after, name)
  const removed = (left === null ? [] : (enumLabelsOf(before, name) ?? [])).filter(
    (label) => left?.includes(label) !== true && renamed.every(({ from }) => from !== label),
  )
  return [
    ...(removed.length === 0
      ? []
      : [
          {
            labels: removed,
            effect: 'may fail',
            what: `${name} loses ${removed.map(quoteLiteral).join(', ')}`,
          } as const,
        ]),
    ...renamed.map(({ from, to }) => ({
      labels: [from],
      effect: 'renames' as const,
      what: `${quoteLiteral(from)} of ${name} becomes ${quoteLiteral(to)}`,
    })),
  ]
}

function questionOf(column: string, { effect, what }: LostLabels, condition: Condition): DataQuestion {
  const [schema = '', relation = '', name = ''] = parseKey(column).names.map((each) =>
    quoteIdentifier(unquoteName(each)),
  )
  return {
    table: `${schema}.${relation}`,
    about: `${what}, which ${schema}.${relation}.${name} can have`,
    rows: 'rows with it',
    effect,
    source: (table, key) => `select ${key} as key from ${table} r where ${condition(`r.${name}`, 1)}`,
  }
}

/** Partitions are asked with their table. */
function isColumnOfTable(key: string, catalog: Catalog): boolean {
  const { kind, names } = parseKey(key)
  const table = catalog[`table:${names.slice(0, 2).join('.')}`]
  return kind === 'column' && table !== undefined && table['partition'] === undefined
}

/** The labels of an enum that is named as in SQL; null where it is no enum. */
export function enumLabelsOf(catalog: Catalog, type: string): readonly string[] | null {
  const labels = catalog[keyFromSqlName('enum', type)]?.['labels']
  return Array.isArray(labels) ? labels.map(String) : null
}

/** Labels, and how they were called before the pending revisions, which is how the database still has them. */
export function withEarlierNames(
  labels: readonly string[],
  earlier: readonly RenamedLabel[],
): readonly string[] {
  const names = new Set(labels)
  for (const { from, to } of earlier.toReversed()) if (names.has(to)) names.add(from)
  return [...names]
}

/** Whether a value has one of the labels, as SQL; `depth` tells nested rows apart. */
type Condition = (value: string, depth: number) => string

interface WantedLabels {
  readonly catalog: Catalog
  /** Of the enum. */
  readonly key: string
  readonly labels: readonly string[]
}

/** Null where a value of the type has no value of the enum in it. */
function findLabels(type: string, wanted: WantedLabels): Condition | null {
  const { catalog, key, labels } = wanted
  if (type.endsWith('[]')) {
    const within = findLabels(type.slice(0, -2), wanted)
    return within === null ? null : anyElement(within)
  }
  if (keyFromSqlName('enum', type) === key)
    return (value) => `${value}::text in (${labels.map(quoteLiteral).join(', ')})`
  const base = catalog[keyFromSqlName('domain', type)]?.['type']
  if (base !== undefined) {
    const within = findLabels(String(base), wanted)
    return within === null ? null : (value, depth) => within(`(${value})::${String(base)}`, depth)
  }
  const attributes = catalog[keyFromSqlName('composite', type)]?.['attributes']
  return Array.isArray(attributes) ? anyAttribute(attributes.map(String), wanted) : null
}

function anyElement(within: Condition): Condition {
  return (value, depth) =>
    `exists (select from (select unnest(${value}) as v) e${depth} where ${within(`e${depth}.v`, depth + 1)})`
}

const attributePattern = /^(?<name>"(?:[^"]|"")*"|\S+) (?<type>.*)$/s

function anyAttribute(attributes: readonly string[], wanted: WantedLabels): Condition | null {
  const found = attributes.flatMap((attribute) => {
    const { name = '', type = '' } = attributePattern.exec(attribute)?.groups ?? {}
    const within = findLabels(type, wanted)
    return within === null ? [] : [{ name, within }]
  })
  if (found.length === 0) return null
  return (value, depth) =>
    `(${found.map(({ name, within }) => within(`(${value}).${name}`, depth)).join(' or ')})`
}
