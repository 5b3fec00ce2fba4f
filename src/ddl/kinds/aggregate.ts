import { literal } from '../identifiers.js'
import { type DdlObject, type KindDdl, step, text } from '../object.js'
import { type Clause, parenthesized } from './clauses.js'

/** The options of CREATE AGGREGATE by fact, in the order of PostgreSQL's manual. */
const options: Readonly<Record<string, Clause>> = {
  stateFunction: (aggregate) => `SFUNC = ${text(aggregate, 'stateFunction')}`,
  stateType: (aggregate) => `STYPE = ${text(aggregate, 'stateType')}`,
  stateSpace: (aggregate) => `SSPACE = ${text(aggregate, 'stateSpace')}`,
  final: (aggregate) => `FINALFUNC = ${text(aggregate, 'final')}`,
  finalExtra: () => 'FINALFUNC_EXTRA',
  finalModify: (aggregate) => `FINALFUNC_MODIFY = ${text(aggregate, 'finalModify').toUpperCase()}`,
  combine: (aggregate) => `COMBINEFUNC = ${text(aggregate, 'combine')}`,
  serial: (aggregate) => `SERIALFUNC = ${text(aggregate, 'serial')}`,
  deserial: (aggregate) => `DESERIALFUNC = ${text(aggregate, 'deserial')}`,
  initial: (aggregate) => `INITCOND = ${literal(text(aggregate, 'initial'))}`,
  movingStateFunction: (aggregate) => `MSFUNC = ${text(aggregate, 'movingStateFunction')}`,
  movingInverse: (aggregate) => `MINVFUNC = ${text(aggregate, 'movingInverse')}`,
  movingStateType: (aggregate) => `MSTYPE = ${text(aggregate, 'movingStateType')}`,
  movingStateSpace: (aggregate) => `MSSPACE = ${text(aggregate, 'movingStateSpace')}`,
  movingFinal: (aggregate) => `MFINALFUNC = ${text(aggregate, 'movingFinal')}`,
  movingFinalExtra: () => 'MFINALFUNC_EXTRA',
  movingFinalModify: (aggregate) =>
    `MFINALFUNC_MODIFY = ${text(aggregate, 'movingFinalModify').toUpperCase()}`,
  movingInitial: (aggregate) => `MINITCOND = ${literal(text(aggregate, 'movingInitial'))}`,
  sortOperator: (aggregate) => `SORTOP = ${text(aggregate, 'sortOperator')}`,
  parallel: (aggregate) => `PARALLEL = ${text(aggregate, 'parallel').toUpperCase()}`,
  kind: (aggregate) => (text(aggregate, 'kind') === 'hypothetical set' ? 'HYPOTHETICAL' : null),
}

/** What CREATE OR REPLACE keeps. */
const fixed = ['arguments', 'returns', 'kind']

export const aggregate: KindDdl = {
  reference: ({ name, signature }) => `AGGREGATE ${name}${signature === '()' ? '(*)' : signature}`,
  create: (object) => [step(`CREATE AGGREGATE ${declaration(object)}`)],
  alter: ({ to, facts }) =>
    fixed.some((fact) => facts.has(fact))
      ? 'replace'
      : [step(`CREATE OR REPLACE AGGREGATE ${declaration(to)}`)],
}

function declaration(object: DdlObject): string {
  const printed = text(object, 'arguments')
  return `${object.name}(${printed === '' ? '*' : printed}) ${parenthesized(object, options)}`
}
