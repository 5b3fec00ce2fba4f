import { quoteIdentifier } from '../identifiers.js'
import { type DdlObject, type KindDdl, step, textFact } from '../object.js'
import {
  shellOperatorsOf,
  followsLinkedOperator,
  operandTypesOf,
  predecessorsOf,
} from './linked-operators.js'
import { type OptionClause, renderOptionList } from './option-list.js'

/** The options of CREATE OPERATOR by fact, in the order of PostgreSQL's manual. */
const operatorOptions: Readonly<Record<string, OptionClause>> = {
  function: (operator) => `FUNCTION = ${textFact(operator, 'function')}`,
  $left: (operator) => `LEFTARG = ${textFact(operator, '$left')}`,
  $right: (operator) => `RIGHTARG = ${textFact(operator, '$right')}`,
  commutator: (operator) => `COMMUTATOR = ${textFact(operator, 'commutator')}`,
  negator: (operator) => `NEGATOR = ${textFact(operator, 'negator')}`,
  restrict: (operator) => `RESTRICT = ${textFact(operator, 'restrict')}`,
  join: (operator) => `JOIN = ${textFact(operator, 'join')}`,
  hashes: () => 'HASHES',
  merges: () => 'MERGES',
}

/** The facts that ALTER OPERATOR can set on every version of PostgreSQL. */
const alterableOptions = ['restrict', 'join']

export const operatorDdl: KindDdl = {
  reference: (object) => `OPERATOR ${renderOperatorName(object)} ${object.signature}`,
  create: (object) => {
    const [left, right] = operandTypesOf(object)
    const facts = { ...object.facts, ...(left === 'NONE' ? {} : { $left: left }), $right: right }
    const create = step(
      `CREATE OPERATOR ${renderOperatorName(object)} ${renderOptionList({ ...object, facts }, operatorOptions)}`,
    )
    return [{ ...create, after: predecessorsOf(object) }]
  },
  drop: (object) => [
    step(`DROP OPERATOR ${renderOperatorName(object)} ${object.signature}`),
    ...shellOperatorsOf(object).map(({ reference }) => step(`DROP OPERATOR IF EXISTS ${reference}`)),
  ],
  alter: (change) => {
    const facts = [...change.facts].filter((fact) => !followsLinkedOperator(change, fact))
    if (facts.some((fact) => !alterableOptions.includes(fact))) return 'replace'
    const settings = alterableOptions
      .filter((fact) => facts.includes(fact))
      .map((fact) => `${fact.toUpperCase()} = ${textFact(change.to, fact) || 'NONE'}`)
    if (settings.length === 0) return []
    return [
      step(
        `ALTER OPERATOR ${renderOperatorName(change.to)} ${change.to.signature} SET (${settings.join(', ')})`,
      ),
    ]
  },
}

/** The symbol of an operator is not quoted. */
function renderOperatorName({ names: [schema = '', symbol = ''] }: DdlObject): string {
  return `${quoteIdentifier(schema)}.${symbol}`
}
