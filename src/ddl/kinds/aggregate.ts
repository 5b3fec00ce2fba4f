import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, type KindDdl, step, textFact } from '../object.js'
import { type OptionClause, renderOptionList } from './option-list.js'

/** The options of CREATE AGGREGATE by fact, in the order of PostgreSQL's manual. */
const aggregateOptions: Readonly<Record<string, OptionClause>> = {
  stateFunction: (aggregate) => `SFUNC = ${textFact(aggregate, 'stateFunction')}`,
  stateType: (aggregate) => `STYPE = ${textFact(aggregate, 'stateType')}`,
  stateSpace: (aggregate) => `SSPACE = ${textFact(aggregate, 'stateSpace')}`,
  final: (aggregate) => `FINALFUNC = ${textFact(aggregate, 'final')}`,
  finalExtra: () => 'FINALFUNC_EXTRA',
  finalModify: (aggregate) => `FINALFUNC_MODIFY = ${textFact(aggregate, 'finalModify').toUpperCase()}`,
  combine: (aggregate) => `COMBINEFUNC = ${textFact(aggregate, 'combine')}`,
  serial: (aggregate) => `SERIALFUNC = ${textFact(aggregate, 'serial')}`,
  deserial: (aggregate) => `DESERIALFUNC = ${textFact(aggregate, 'deserial')}`,
  initial: (aggregate) => `INITCOND = ${quoteLiteral(textFact(aggregate, 'initial'))}`,
  movingStateFunction: (aggregate) => `MSFUNC = ${textFact(aggregate, 'movingStateFunction')}`,
  movingInverse: (aggregate) => `MINVFUNC = ${textFact(aggregate, 'movingInverse')}`,
  movingStateType: (aggregate) => `MSTYPE = ${textFact(aggregate, 'movingStateType')}`,
  movingStateSpace: (aggregate) => `MSSPACE = ${textFact(aggregate, 'movingStateSpace')}`,
  movingFinal: (aggregate) => `MFINALFUNC = ${textFact(aggregate, 'movingFinal')}`,
  movingFinalExtra: () => 'MFINALFUNC_EXTRA',
  movingFinalModify: (aggregate) =>
    `MFINALFUNC_MODIFY = ${textFact(aggregate, 'movingFinalModify').toUpperCase()}`,
  movingInitial: (aggregate) => `MINITCOND = ${quoteLiteral(textFact(aggregate, 'movingInitial'))}`,
  sortOperator: (aggregate) => `SORTOP = ${textFact(aggregate, 'sortOperator')}`,
  parallel: (aggregate) => `PARALLEL = ${textFact(aggregate, 'parallel').toUpperCase()}`,
  kind: (aggregate) => (textFact(aggregate, 'kind') === 'hypothetical set' ? 'HYPOTHETICAL' : null),
}

/** Facts that CREATE OR REPLACE AGGREGATE cannot change. */
const unreplaceableFacts = ['arguments', 'returns', 'kind']

export const aggregateDdl: KindDdl = {
  reference: ({ name, signature }) => `AGGREGATE ${name}${signature === '()' ? '(*)' : signature}`,
  create: (object) => [step(`CREATE AGGREGATE ${aggregateDeclaration(object)}`)],
  alter: ({ to, facts }) =>
    unreplaceableFacts.some((fact) => facts.has(fact))
      ? 'replace'
      : [step(`CREATE OR REPLACE AGGREGATE ${aggregateDeclaration(to)}`)],
}

function aggregateDeclaration(object: DdlObject): string {
  const printed = textFact(object, 'arguments')
  return `${object.name}(${printed === '' ? '*' : printed}) ${renderOptionList(object, aggregateOptions)}`
}
