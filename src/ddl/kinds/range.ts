import { type KindDdl, step, textFact } from '../object.js'
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
    columnsKeepingType(from, to).length === 0
      ? 'replace'
      : {
          reason: 'PostgreSQL cannot alter a range type, and columns have this type',
          decide: 'whether to create a type with a different name and move the columns to it',
        },
}
