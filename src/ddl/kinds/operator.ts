import { objectKey } from '../../core/catalog.js'
import { splitArguments } from '../argument-list.js'
import { type Clause, parenthesized } from '../clauses.js'
import { type Change, type DdlObject, findObject, type KindDdl, step, text } from '../kind.js'
import { ident, unquote } from '../names.js'

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

/** The facts that name another operator, which names this one in turn. */
const links = ['commutator', 'negator'] as const

export const operator: KindDdl = {
  reference: (object) => `OPERATOR ${nameOf(object)} ${object.signature}`,
  create: (object) => {
    const [left, right] = operandsOf(object)
    const facts = { ...object.facts, ...(left === 'NONE' ? {} : { $left: left }), $right: right }
    const create = step(`CREATE OPERATOR ${nameOf(object)} ${parenthesized({ ...object, facts }, options)}`)
    return [{ ...create, after: oneSidedLinksTo(object) }]
  },
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

/** PostgreSQL sets a link on both sides when the other operator is made, and takes it away when that is dropped. */
function followsPartner({ from, to }: Change, fact: string): boolean {
  const link = links.find((name) => name === fact)
  if (link === undefined) return false
  const [before, after] = [partnerOf(from, link), partnerOf(to, link)]
  return (before === null || isMissingIn(before, to)) && (after === null || isMissingIn(after, from))
}

/** The operators that name this one without being named in turn: made after it, they would give it their name. */
function oneSidedLinksTo(object: DdlObject): readonly string[] {
  return Object.keys(object.catalog)
    .filter((key) => key.startsWith('operator:') && key !== object.key)
    .filter((key) => {
      const other = findObject(object.catalog, key)
      return links.some(
        (link) =>
          other !== undefined && partnerOf(other, link) === object.key && partnerOf(object, link) === null,
      )
    })
}

function isMissingIn(partner: string, { catalog }: DdlObject): boolean {
  return !partner.startsWith('operator:pg_catalog.') && catalog[partner] === undefined
}

/** The key of the operator that a link names, null where there is none. */
function partnerOf(object: DdlObject, link: (typeof links)[number]): string | null {
  const printed = text(object, link)
  if (printed === '') return null
  const [left, right] = operandsOf(object)
  const [, schema = 'pg_catalog', symbol = printed] = linked.exec(printed) ?? []
  const operands = link === 'negator' ? `(${left}, ${right})` : `(${right}, ${left})`
  return objectKey('operator', [unquote(schema), symbol], operands)
}

/** An operator that is not PostgreSQL's own. */
const linked = /^OPERATOR\(("(?:[^"]|"")*"|[^.]+)\.(.+)\)$/

function operandsOf({ signature }: DdlObject): readonly [string, string] {
  const [left, right] = splitArguments(signature.slice(1, -1))
  return [left?.declared ?? 'NONE', right?.declared ?? 'NONE']
}

/** Operators are not quoted as other names are. */
function nameOf({ names: [schema = '', symbol = ''] }: DdlObject): string {
  return `${ident(schema)}.${symbol}`
}
