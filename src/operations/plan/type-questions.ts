import type { Catalog } from '../../core/model/catalog.js'
import { quoteLiteral } from '../../ddl/identifiers.js'
import { lossOfConversion } from '../../ddl/kinds/stored-type.js'
import { parseTypeName } from '../../ddl/kinds/type-name.js'
import type { RenamedLabel } from '../../postgres/observe/enum-labels.js'
import type { ObservedRevision } from '../observe/observation.js'
import { type DataQuestion, rowsWhere, type RowsEffect } from './data-question.js'
import { enumLabelsOf, withEarlierNames } from './enum-questions.js'

/** A column whose type a revision changes; names as in SQL. */
export interface RetypedColumn {
  readonly table: string
  readonly column: string
  readonly from: string
  readonly to: string
}

/** The questions to the values of a column that gets another type: which of them it refuses, and which it changes. */
export function typeQuestions(
  retyped: RetypedColumn,
  revision: ObservedRevision,
  renamedLabels: readonly RenamedLabel[],
): readonly DataQuestion[] {
  const { table, column, to } = retyped
  const labels = enumLabelsOf(revision.after, to.replace(/(?:\[\])+$/, ''))
  const allowedLabels = labels === null ? null : withEarlierNames(labels, renamedLabels)
  const question = { table, about: `${table}.${column} becomes ${to}` }
  const effect = effectOfMisfit(retyped, revision)
  const changed = conditionOfChange(retyped, revision)
  return [
    {
      ...question,
      rows: effect === 'alters' ? 'values that the cast cuts off' : `values that are no ${to}`,
      effect,
      source: rowsWhere(isNoValueOf(`r.${column}`, to, allowedLabels)),
    },
    ...(changed === null
      ? []
      : [
          {
            ...question,
            rows: 'values that a cast to it changes',
            effect: 'alters',
            source: rowsWhere(changed),
          } as const,
        ]),
  ]
}

const numbers = /^(?:smallint|integer|bigint|numeric|decimal)\b/
const cutByCasts: readonly string[] = ['character', 'character varying', 'bit', 'bit varying']

/** What becomes of a value that the type does not have: a conversion between other types may be written with USING. */
function effectOfMisfit(retyped: RetypedColumn, { statements }: ObservedRevision): RowsEffect {
  const { from, to } = retyped
  const [before, after] = [parseTypeName(from).name, parseTypeName(to).name]
  if (cutByCasts.includes(after)) {
    // An assignment refuses what is too long, and a cast cuts it off.
    if (statements.some(({ sql }) => castsColumn(sql, retyped))) return 'alters'
    if (statements.some(({ sql }) => /\busing\b/i.test(sql))) return 'may fail'
  }
  return before === after || (numbers.test(from) && numbers.test(to)) ? 'fails' : 'may fail'
}

function castsColumn(sql: string, { column }: RetypedColumn): boolean {
  const name = column.replaceAll(/[^\w]/g, '\\$&').replace(/^\\"(.*)\\"$/, '$1')
  const form = `\\balter\\s+(?:column\\s+)?"?${name}"?\\s+(?:set\\s+data\\s+)?type\\b[^;]*\\busing\\b`
  return new RegExp(form, 'i').test(sql)
}

/**
 * True of the values that are not the same after a cast to the new type and back; null where no value can lose something.
 * There is no way back to a type that has a date from one that has none, so that all values lose it.
 */
function conditionOfChange(
  { column, from, to }: RetypedColumn,
  { before, after }: { readonly before: Catalog; readonly after: Catalog },
): string | null {
  const loss = lossOfConversion({ type: from, catalog: before }, { type: to, catalog: after })
  // The text of a json is not kept, which no program minds.
  if (loss === null || from === 'json' || cutByCasts.includes(parseTypeName(to).name)) return null
  if (loss.includes('the date')) return `r.${column} is not null`
  const isValid = `pg_input_is_valid(r.${column}::text, ${quoteLiteral(to)})`
  return `case when ${isValid} then (r.${column}::${to}::${from})::text is distinct from r.${column}::text end`
}

/** @param labels those of an enum, which the database may not have yet, or with other labels; null for another type */
function isNoValueOf(value: string, type: string, labels: readonly string[] | null): string {
  if (labels === null) return `not pg_input_is_valid(${value}::text, ${quoteLiteral(type)})`
  const isOther = (text: string): string =>
    `${text} not in (${labels.map(quoteLiteral).join(', ') || 'null'})`
  return type.endsWith('[]')
    ? `exists (select from unnest(${value}::text[]) e where ${isOther('e')})`
    : isOther(`${value}::text`)
}
