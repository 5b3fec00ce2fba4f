import { type Catalog, type Facts, keyFromSqlName, parseKey, unquoteName } from '../../core/model/catalog.js'
import { diff, type Difference } from '../../core/model/diff.js'
import { quoteIdentifier } from '../../ddl/identifiers.js'
import { type DataQuestion, rowsWhere } from './data-question.js'
import type { RenamedLabel } from '../../postgres/observe/enum-labels.js'
import { enumQuestions } from './enum-questions.js'
import type { NewConstraint } from '../observe/new-constraints.js'
import type { ObservedRevision } from '../observe/observation.js'
import { typeQuestions } from './type-questions.js'

/** What a question is derived from, besides the catalogs. */
export interface QuestionContext {
  /** Whether a table was there before the pending revisions, under the same name. */
  readonly isKnown: (table: string) => boolean
  /** Whether the pending revisions write rows of a table so far, which may correct them. */
  readonly isWritten: (table: string) => boolean
  /** The labels of enums that the pending revisions before it renamed. */
  readonly renamedLabels: readonly RenamedLabel[]
}

/** The questions to the rows that a revision needs to be in order, and to those that it loses. */
export function questionsOf(revision: ObservedRevision, context: QuestionContext): readonly DataQuestion[] {
  const { before, after, constraints, statements } = revision
  const differences = diff(after, before)
  const found = [
    ...differences.flatMap((difference) => columnQuestions(difference, revision, context)),
    ...enumQuestions(revision, context.renamedLabels),
    ...constraints.flatMap((constraint) => constraintQuestions(constraint, before)),
    ...statements.flatMap(({ effects }) => lossQuestions(effects)),
  ]
  return found
    .filter(({ table }) => context.isKnown(table))
    .map((question) =>
      question.effect === 'fails' && context.isWritten(question.table)
        ? { ...question, effect: 'may fail' }
        : question,
    )
}

function columnQuestions(
  difference: Difference,
  revision: ObservedRevision,
  { isWritten, renamedLabels }: QuestionContext,
): readonly DataQuestion[] {
  const { kind, names } = parseKey(difference.key)
  if (kind !== 'column') return []
  const [schema = '', relation = '', column = ''] = names.map((name) => quoteIdentifier(unquoteName(name)))
  const table = `${schema}.${relation}`
  const place = `${table}.${column}`
  if (difference.change === 'missing')
    return isUnfilled(difference.expected) && !isWritten(table)
      ? [
          {
            table,
            about: `${place} is new, NOT NULL, and has no default`,
            rows: 'rows',
            effect: 'fails',
            source: rowsWhere('true'),
          },
        ]
      : []
  if (difference.change !== 'changed') return []
  const { facts, expected, actual } = difference
  const isRequired = facts.includes('nullable') && expected['nullable'] === false
  const [type, earlier] = [String(expected['type']), String(actual['type'])]
  return [
    ...(isRequired
      ? [
          {
            table,
            about: `NOT NULL of ${place}`,
            rows: 'rows with null',
            effect: 'fails',
            source: rowsWhere(`r.${column} is null`),
          } as const,
        ]
      : []),
    ...(facts.includes('type')
      ? typeQuestions({ table, column, from: earlier, to: type }, revision, renamedLabels)
      : []),
  ]
}

/** Whether a new column has no value for the rows that are there, and needs one. */
function isUnfilled({ nullable, default: value, identity, generated }: Facts): boolean {
  return nullable === false && [value, identity, generated].every((fact) => fact === undefined)
}

function constraintQuestions(constraint: NewConstraint, before: Catalog): readonly DataQuestion[] {
  const { kind, table, name, columns, condition, referenced } = constraint
  if (!hasColumns(before, table, columns)) return []
  const about = `${kind === 'unique' ? 'UNIQUE' : kind === 'check' ? 'CHECK' : 'FOREIGN KEY'} ${name}`
  const question = { table, about: `${about} on ${table}`, effect: 'fails' } as const
  if (kind === 'unique')
    return [{ ...question, rows: 'values that several rows have', source: duplicates(constraint) }]
  if (kind === 'check')
    return [{ ...question, rows: 'rows that it refuses', source: rowsWhere(`not (${condition ?? 'true'})`) }]
  if (referenced === null || !hasColumns(before, referenced.table, referenced.columns)) return []
  const isSet = columns.map((column) => `r.${column} is not null`).join(' and ')
  const isSame = columns.map((column, index) => `f.${referenced.columns[index] ?? column} = r.${column}`)
  const exists = `exists (select from ${referenced.table} f where ${isSame.join(' and ')})`
  return [
    {
      ...question,
      rows: `rows whose row in ${referenced.table} is missing`,
      source: rowsWhere(`${isSet} and not ${exists}`),
    },
  ]
}

const columnName = /^(?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")*")$/

/** Whether the columns of a table, named as in SQL, were there; an index can have expressions too. */
function hasColumns(catalog: Catalog, table: string, columns: readonly string[]): boolean {
  return columns
    .filter((column) => columnName.test(column))
    .every((column) => catalog[keyFromSqlName('column', `${table}.${column}`)] !== undefined)
}

function duplicates({ columns, condition, nullsAreEqual }: NewConstraint): DataQuestion['source'] {
  const list = columns.join(', ')
  const isSet = nullsAreEqual ? [] : columns.map((column) => `(${column}) is not null`)
  const where = [...isSet, ...(condition === null ? [] : [`(${condition})`])]
  return (table, key) =>
    `select min(${key}) as key from ${table} r where ${where.join(' and ') || 'true'} group by ${list} having count(*) > 1`
}

function lossQuestions({
  dropped,
  droppedColumns,
}: ObservedRevision['statements'][number]['effects']): readonly DataQuestion[] {
  const tables = dropped.filter(({ kind }) => kind === 'table')
  return [
    ...tables.map(({ name }): DataQuestion => ({
      table: name,
      about: `${name} is dropped`,
      rows: 'rows',
      effect: 'loses',
      source: rowsWhere('true'),
    })),
    ...droppedColumns.map((place): DataQuestion => {
      const at = place.lastIndexOf('.')
      return {
        table: place.slice(0, at),
        about: `${place} is dropped`,
        rows: 'rows with a value',
        effect: 'loses',
        source: rowsWhere(`r.${place.slice(at + 1)} is not null`),
      }
    }),
  ]
}
