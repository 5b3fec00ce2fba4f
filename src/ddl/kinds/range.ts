import { type KindDdl, step, text } from '../object.js'
import { type Clause, parenthesized } from './clauses.js'
import { dropOfType, shellOf } from './shell-type.js'
import { usersOfType } from './type-users.js'

const options: Readonly<Record<string, Clause>> = {
  subtype: (range) => `SUBTYPE = ${text(range, 'subtype')}`,
  operatorClass: (range) => `SUBTYPE_OPCLASS = ${text(range, 'operatorClass')}`,
  collation: (range) => `COLLATION = ${text(range, 'collation')}`,
  canonical: (range) => `CANONICAL = ${text(range, 'canonical')}`,
  subtypeDiff: (range) => `SUBTYPE_DIFF = ${text(range, 'subtypeDiff')}`,
  multirange: (range) => `MULTIRANGE_TYPE_NAME = ${text(range, 'multirange')}`,
}

export const range: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [
    ...shellOf(object),
    step(`CREATE TYPE ${object.name} AS RANGE ${parenthesized(object, options)}`),
  ],
  drop: dropOfType,
  alter: ({ from }) =>
    usersOfType(from).length === 0
      ? 'replace'
      : {
          reason: 'PostgreSQL cannot alter a range type, and columns are of this one',
          decide: 'whether to make a type of another name and to move the columns to it',
        },
}
