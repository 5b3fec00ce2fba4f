import { type DdlObject, type KindDdl, listFact, type ObjectChange, step, textFact } from '../object.js'
import { type OptionClause, renderOptionList } from './option-list.js'
import { dropTypeSteps, shellTypeSteps } from './shell-type.js'
import { columnsKeepingType } from './type-users.js'

/** The options of CREATE TYPE … AS RANGE by fact, in the order of PostgreSQL's manual. */
const rangeOptions: Readonly<Record<string, OptionClause>> = {
  subtype: (range) => `SUBTYPE = ${textFact(range, 'subtype')}`,
  operatorClass: (range) => `SUBTYPE_OPCLASS = ${textFact(range, 'operatorClass')}`,
  collation: (range) => `COLLATION = ${textFact(range, 'collation')}`,
  canonical: (range) => `CANONICAL = ${textFact(range, 'canonical')}`,
  subtypeDiff: (range) => `SUBTYPE_DIFF = ${textFact(range, 'subtypeDiff')}`,
  multirange: (range) => `MULTIRANGE_TYPE_NAME = ${textFact(range, 'multirange')}`,
}

export const rangeDdl: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [
    ...shellTypeSteps(object),
    step(`CREATE TYPE ${object.name} AS RANGE ${renderOptionList(object, rangeOptions)}`),
  ],
  drop: dropTypeSteps,
  alter: ({ from, to }) =>
    isRangeInsideType(from, to)
      ? {
          reason: 'PostgreSQL cannot alter a range type, and columns have types that are made of it',
          decide: 'whether to create a type with a different name and move the columns to it',
        }
      : 'replace',
}

/**
 * Whether columns keep values of a range type inside of those of another type. Columns of the range type itself are text
 * until there is the new one: a renamed range type keeps the names of its constructors, so that both cannot exist.
 */
export function isRangeInsideType(from: DdlObject, to: DdlObject): boolean {
  return from.kind === 'range' && columnsKeepingType(from, to).some(({ direct }) => !direct)
}

/** Whether a column gets a range type again that is replaced, and is text while there is none. */
export function isTextMeanwhile({ from, to, facts }: Pick<ObjectChange, 'from' | 'to' | 'facts'>): boolean {
  if (!facts.has('type') || textFact(from, 'type') !== textFact(to, 'type')) return false
  return listFact(from, '$needs').some(
    (key) => key.startsWith('range:') && listFact(to, '$needs').includes(key),
  )
}
