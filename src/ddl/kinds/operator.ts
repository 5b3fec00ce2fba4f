import { ident } from '../identifiers.js'
import { type DdlObject, type KindDdl, step, text } from '../object.js'
import { type Clause, parenthesized } from './clauses.js'
import { announcedBy, followsPartner, operandsOf, predecessorsOf } from './operator-links.js'

const options: Readonly<Record<string, Clause>> = {
  function: (operator) => `FUNCTION = ${text(operator, 'function')}`,
  $left: (operator) => `LEFTARG = ${text(operator, '$left')}`,
  $right: (operator) => `RIGHTARG = ${text(operator, '$right')}`,
  commutator: (operator) => `COMMUTATOR = ${text(operator, 'commutator')}`,
  negator: (operator) => `NEGATOR = ${text(operator, 'negator')}`,
  restrict: (operator) => `RESTRICT = ${text(operator, 'restrict')}`,
  join: (operator) => `JOIN = ${text(operator, 'join')}`,
  hashes: () => 'HASHES',
  merges: () => 'MERGES',
}

/** The facts that every version of ALTER OPERATOR sets. */
const settable = ['restrict', 'join']

export const operator: KindDdl = {
  reference: (object) => `OPERATOR ${nameOf(object)} ${object.signature}`,
  create: (object) => {
    const [left, right] = operandsOf(object)
    const facts = { ...object.facts, ...(left === 'NONE' ? {} : { $left: left }), $right: right }
    const create = step(`CREATE OPERATOR ${nameOf(object)} ${parenthesized({ ...object, facts }, options)}`)
    return [{ ...create, after: predecessorsOf(object) }]
  },
  drop: (object) => [
    step(`DROP OPERATOR ${nameOf(object)} ${object.signature}`),
    ...announcedBy(object).map(({ reference }) => step(`DROP OPERATOR IF EXISTS ${reference}`)),
  ],
  alter: (change) => {
    const facts = [...change.facts].filter((fact) => !followsPartner(change, fact))
    if (facts.some((fact) => !settable.includes(fact))) return 'replace'
    const settings = settable
      .filter((fact) => facts.includes(fact))
      .map((fact) => `${fact.toUpperCase()} = ${text(change.to, fact) || 'NONE'}`)
    if (settings.length === 0) return []
    return [step(`ALTER OPERATOR ${nameOf(change.to)} ${change.to.signature} SET (${settings.join(', ')})`)]
  },
}

/** Operators are not quoted as other names are. */
function nameOf({ names: [schema = '', symbol = ''] }: DdlObject): string {
  return `${ident(schema)}.${symbol}`
}
